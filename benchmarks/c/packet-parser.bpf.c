// benchmarks/language/packet-parser, as one writes it in C.
#include "bpf.h"

__u32 vlans, protocol, payload, mss, ports;

enum { MOST_TAGS = 2, MOST_EXTRAS = 6, MOST_OPTIONS = 10 };
enum { OPTION_END = 0, OPTION_NOP = 1, OPTION_MSS = 2 };
enum { HOP_BY_HOP = 0, ROUTING = 43, FRAGMENT = 44, DESTINATION = 60 };

struct extension {
	__u8 next, len, rest[6];
};

struct option {
	__u8 kind, len;
};

struct cursor {
	void *pos, *data, *end;
};

static __always_inline int ethernet(struct cursor *c)
{
	struct ethhdr *eth = c->pos;

	if ((void *)(eth + 1) > c->end)
		return -1;
	c->pos = eth + 1;
	__u16 kind = bpf_ntohs(eth->h_proto);

#pragma unroll
	for (int i = 0; i < MOST_TAGS; i++) {
		if (kind != ETH_P_8021Q)
			break;
		struct vlan_hdr *vlan = c->pos;

		if ((void *)(vlan + 1) > c->end)
			return -1;
		vlans++;
		c->pos = vlan + 1;
		kind = bpf_ntohs(vlan->h_vlan_encapsulated_proto);
	}
	return kind;
}

static __always_inline int ipv4(struct cursor *c)
{
	struct iphdr *ip = c->pos;

	if ((void *)(ip + 1) > c->end || ip->ihl < 5 || bpf_ntohs(ip->frag_off) & 0x1fff)
		return -1;
	c->pos += ip->ihl * 4;
	return ip->protocol;
}

static __always_inline int ipv6(struct cursor *c)
{
	struct ipv6hdr *ip = c->pos;

	if ((void *)(ip + 1) > c->end)
		return -1;
	c->pos = ip + 1;
	__u8 proto = ip->nexthdr;

#pragma unroll
	for (int i = 0; i < MOST_EXTRAS; i++) {
		if (proto == FRAGMENT)
			return -1;
		if (proto != HOP_BY_HOP && proto != ROUTING && proto != DESTINATION)
			return proto;
		struct extension *more = c->pos;

		if ((void *)(more + 1) > c->end)
			return -1;
		proto = more->next;
		c->pos += (more->len + 1) * 8;
	}
	return -1;
}

static __always_inline __u32 options(struct cursor *c, void *until)
{
	void *pos = c->pos;

	for (int i = 0; i < MOST_OPTIONS && pos < until; i++) {
		struct option *o = pos;

		if ((void *)(o + 1) > c->end || o->kind == OPTION_END)
			break;
		if (o->kind == OPTION_NOP) {
			pos++;
			continue;
		}
		if (o->kind == OPTION_MSS) {
			__be16 *size = pos + 2;

			return (void *)(size + 1) > c->end ? 0 : bpf_ntohs(*size);
		}
		if (o->len < 2)
			break;
		pos += o->len;
	}
	return 0;
}

static __always_inline void tcp(struct cursor *c)
{
	struct tcphdr *tcp = c->pos;

	if ((void *)(tcp + 1) > c->end || tcp->doff < 5)
		return;
	ports = bpf_ntohs(tcp->source) << 16 | bpf_ntohs(tcp->dest);
	c->pos = tcp + 1;
	mss = options(c, (void *)tcp + tcp->doff * 4);
	c->pos = (void *)tcp + tcp->doff * 4;
}

static __always_inline void udp(struct cursor *c)
{
	struct udphdr *udp = c->pos;

	if ((void *)(udp + 1) > c->end)
		return;
	ports = bpf_ntohs(udp->source) << 16 | bpf_ntohs(udp->dest);
	c->pos = udp + 1;
}

SEC("xdp")
int parse(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data;
	struct cursor c = { .pos = data, .data = data, .end = (void *)(long)ctx->data_end };
	int kind = ethernet(&c), proto;

	if (kind < 0)
		return XDP_DROP;
	if (kind == ETH_P_IP)
		proto = ipv4(&c);
	else if (kind == ETH_P_IPV6)
		proto = ipv6(&c);
	else
		return XDP_PASS;
	if (proto < 0)
		return XDP_DROP;
	if (proto == IPPROTO_TCP)
		tcp(&c);
	else if (proto == IPPROTO_UDP)
		udp(&c);
	protocol = proto;
	payload = c.pos - c.data;
	return XDP_PASS;
}
