// benchmarks/language/string-matcher, as one writes it in C.
#include "bpf.h"

enum { LENGTH = 48 };

static long (*const bpf_xdp_load_bytes)(struct xdp_md *ctx, __u32 offset, void *buf, __u32 len) = (void *)189;

struct {
	__uint(type, PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u8[LENGTH]);
} text SEC(".maps");

static const __u8 method[4] = "GET ", host[5] = "HOST:", number[4] = "1??7";
__s32 found[3];

static __always_inline int matches(const __u8 *text, int len, const __u8 *pattern, int n)
{
	if (len < n)
		return 0;
	for (int i = 0; i < n; i++) {
		if (pattern[i] != '?' && text[i] != pattern[i])
			return 0;
	}
	return 1;
}

static __always_inline int find(const __u8 *text, int len, const __u8 *pattern, int n)
{
	for (int i = 0; i < len - n + 1; i++) {
		if (matches(text + i, len - i, pattern, n))
			return i;
	}
	return -1;
}

static __always_inline void upper(__u8 *text, int len)
{
	for (int i = 0; i < len; i++) {
		if ('a' <= text[i] && text[i] <= 'z')
			text[i] = text[i] - 'a' + 'A';
	}
}

SEC("xdp")
int match(struct xdp_md *ctx)
{
	__u32 zero = 0;
	__u8 *buf = bpf_map_lookup_elem(&text, &zero);

	if (!buf)
		return XDP_DROP;
	if (bpf_xdp_load_bytes(ctx, sizeof(struct ethhdr), buf, LENGTH))
		return XDP_DROP;
	upper(buf, LENGTH);
	found[0] = find(buf, LENGTH, method, sizeof(method));
	found[1] = find(buf + 8, LENGTH - 8, host, sizeof(host));
	if (found[1] < 0)
		return XDP_DROP;
	found[2] = find(buf + 16, LENGTH - 16, number, sizeof(number));
	return XDP_PASS;
}
