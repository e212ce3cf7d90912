// examples/tc-filter, as one writes it in C.
#include "bpf.h"

struct service {
	__u16 port;
	__u8 protocol;
	__u8 unused;
};

struct drop {
	struct service to;
	__u32 len;
};

struct {
	__uint(type, HASH);
	__uint(max_entries, 1024);
	__type(key, struct service);
	__type(value, __u64);
} blocked SEC(".maps");

struct {
	__uint(type, RINGBUF);
	__uint(max_entries, 1 << 16);
} drops SEC(".maps");

__u64 lost;

static __always_inline int destination(struct __sk_buff *ctx, struct service *to)
{
	void *data = (void *)(long)ctx->data;
	void *data_end = (void *)(long)ctx->data_end;
	void *network = data + sizeof(struct ethhdr);
	struct udphdr *ports;

	switch (bpf_ntohs(ctx->protocol)) {
	case ETH_P_IP: {
		struct iphdr *ip = network;

		if ((void *)(ip + 1) > data_end || bpf_ntohs(ip->frag_off) & 0x1fff)
			return 0;
		to->protocol = ip->protocol;
		ports = network + ip->ihl * 4;
		break;
	}
	case ETH_P_IPV6: {
		struct ipv6hdr *ip = network;

		if ((void *)(ip + 1) > data_end)
			return 0;
		to->protocol = ip->nexthdr;
		ports = (void *)(ip + 1);
		break;
	}
	default:
		return 0;
	}
	if (to->protocol != IPPROTO_TCP && to->protocol != IPPROTO_UDP)
		return 0;
	if ((void *)(ports + 1) > data_end) // TCP has its ports in the same place
		return 0;
	to->port = bpf_ntohs(ports->dest);
	return 1;
}

SEC("tcx/egress")
int filter(struct __sk_buff *ctx)
{
	struct service to = {};

	if (!destination(ctx, &to))
		return TC_ACT_UNSPEC;
	__u64 *dropped = bpf_map_lookup_elem(&blocked, &to);

	if (!dropped)
		return TC_ACT_UNSPEC;
	__sync_fetch_and_add(dropped, 1);
	struct drop event = { .to = to, .len = ctx->len };

	if (bpf_ringbuf_output(&drops, &event, sizeof(event), 0))
		__sync_fetch_and_add(&lost, 1);
	return TC_ACT_SHOT;
}
