// benchmarks/language/state-machine, as one writes it in C.
#include "bpf.h"

enum { CLOSED, OPENING, ESTABLISHED, FIN_WAIT, CLOSE_WAIT, LAST_ACK, TIME_WAIT };
enum { FIN = 1, SYN = 2, RST = 4, ACK = 16 };
enum { EVENTS = 16 };

struct conn {
	__u8 state, resets;
	__u16 changes;
	__u32 segments;
	__u64 bytes;
};

struct event {
	__be32 conn;
	__u8 flags, ours;
	__be16 length;
};

struct {
	__uint(type, HASH);
	__uint(max_entries, 1024);
	__type(key, __u32);
	__type(value, struct conn);
} conns SEC(".maps");

static __always_inline void enter(struct conn *c, __u8 state)
{
	if (c->state != state) {
		c->state = state;
		c->changes++;
	}
}

static __always_inline void segment(struct conn *c, __u8 flags, int ours, __u16 length)
{
	c->segments++;
	c->bytes += length;
	if (flags & RST) {
		enter(c, CLOSED);
		c->resets++;
		return;
	}
	switch (c->state) {
	case CLOSED:
	case TIME_WAIT:
		if (flags & SYN)
			enter(c, OPENING);
		break;
	case OPENING:
		if (flags & ACK)
			enter(c, ESTABLISHED);
		break;
	case ESTABLISHED:
		if (flags & FIN)
			enter(c, ours ? FIN_WAIT : CLOSE_WAIT);
		break;
	case FIN_WAIT:
		if (flags & FIN && !ours)
			enter(c, TIME_WAIT);
		break;
	case CLOSE_WAIT:
		if (flags & FIN && ours)
			enter(c, LAST_ACK);
		break;
	case LAST_ACK:
		if (flags & ACK)
			enter(c, CLOSED);
		break;
	}
}

SEC("xdp")
int follow(struct xdp_md *ctx)
{
	void *data_end = (void *)(long)ctx->data_end;
	struct event *all = (void *)(long)ctx->data + sizeof(struct ethhdr) + 2;

	if ((void *)(all + EVENTS) > data_end)
		return XDP_DROP;
	for (int i = 0; i < EVENTS; i++) {
		struct event *e = &all[i];
		__u32 id = __builtin_bswap32(e->conn);
		struct conn *c = bpf_map_lookup_elem(&conns, &id);

		if (!c) {
			struct conn none = {};

			bpf_map_update_elem(&conns, &id, &none, BPF_NOEXIST);
			c = bpf_map_lookup_elem(&conns, &id);
			if (!c)
				return XDP_DROP;
		}
		segment(c, e->flags, e->ours != 0, bpf_ntohs(e->length));
	}
	return XDP_PASS;
}
