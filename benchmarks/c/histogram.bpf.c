// benchmarks/language/histogram, as one writes it in C.
#include "bpf.h"

enum { SLOTS = 64 };

#define HISTOGRAM(T)                                                                       \
	struct histogram_##T {                                                             \
		__u32 counts[SLOTS];                                                       \
		__u64 sum;                                                                 \
		T min, max;                                                                \
	};                                                                                 \
	static __always_inline void add_##T(struct histogram_##T *h, T v)                  \
	{                                                                                  \
		h->counts[log2_of(v, sizeof(T) * 4) % SLOTS]++;                            \
		h->sum += v;                                                               \
		if (h->sum == v)                                                           \
			h->min = h->max = v;                                               \
		if (v < h->min)                                                            \
			h->min = v;                                                        \
		if (v > h->max)                                                            \
			h->max = v;                                                        \
	}

static __always_inline __u32 log2_of(__u64 v, __u32 half)
{
	__u32 n = 0;

	for (__u32 shift = half; shift > 0; shift /= 2) {
		if (v >> shift) {
			v >>= shift;
			n += shift;
		}
	}
	return v ? n + 1 : n;
}

HISTOGRAM(__u8)
HISTOGRAM(__u16)
HISTOGRAM(__u32)
HISTOGRAM(__u64)

struct histogram___u8 hops;
struct histogram___u16 lengths;
struct histogram___u32 delays;
struct histogram___u64 transfer;

struct record {
	__u64 transfer;
	__u32 delay;
	__u16 length;
	__u8 hops;
};

SEC("xdp")
int count(struct xdp_md *ctx)
{
	void *data_end = (void *)(long)ctx->data_end;
	struct record *r = (void *)(long)ctx->data + sizeof(struct ethhdr) + 2;

	if ((void *)(r + 1) > data_end)
		return XDP_DROP;
	add___u8(&hops, r->hops);
	add___u16(&lengths, r->length);
	add___u32(&delays, r->delay);
	add___u64(&transfer, r->transfer);
	return XDP_PASS;
}
