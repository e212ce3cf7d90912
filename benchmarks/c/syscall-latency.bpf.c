// examples/syscall-latency, as one writes it in C.
#include "bpf.h"

struct histogram {
	__u64 slots[64];
};

const volatile __u32 target;

struct {
	__uint(type, LRU_HASH);
	__uint(max_entries, 10240);
	__type(key, __u32);
	__type(value, __u64);
} began SEC(".maps");

struct {
	__uint(type, HASH);
	__uint(max_entries, 1024);
	__type(key, __u32);
	__type(value, struct histogram);
} latency SEC(".maps");

static const struct histogram zero;

static __always_inline __u32 log2_u32(__u32 v)
{
	__u32 r, shift;

	r = (v > 0xffff) << 4;
	v >>= r;
	shift = (v > 0xff) << 3;
	v >>= shift;
	r |= shift;
	shift = (v > 0xf) << 2;
	v >>= shift;
	r |= shift;
	shift = (v > 0x3) << 1;
	v >>= shift;
	r |= shift;
	r |= v >> 1;
	return r;
}

// Number of bits: 0 of 0, else one more than the logarithm.
static __always_inline __u32 bits(__u64 v)
{
	__u32 high = v >> 32;

	if (high)
		return log2_u32(high) + 33;
	return v ? log2_u32(v) + 1 : 0;
}

SEC("tracepoint/raw_syscalls/sys_enter")
int on_enter(struct trace_event_raw_sys_enter *ctx)
{
	__u64 id = bpf_get_current_pid_tgid();
	__u32 tid = id;

	if (target == 0 || target == id >> 32) {
		__u64 now = bpf_ktime_get_ns();

		bpf_map_update_elem(&began, &tid, &now, BPF_ANY);
	}
	return 0;
}

SEC("tracepoint/raw_syscalls/sys_exit")
int on_exit(struct trace_event_raw_sys_exit *ctx)
{
	__u32 tid = bpf_get_current_pid_tgid();
	__u64 *start = bpf_map_lookup_elem(&began, &tid);

	if (!start)
		return 0;
	__u64 took = bpf_ktime_get_ns() - *start;

	bpf_map_delete_elem(&began, &tid);
	__u32 nr = ctx->id;
	struct histogram *h = bpf_map_lookup_elem(&latency, &nr);

	if (!h) {
		bpf_map_update_elem(&latency, &nr, &zero, BPF_NOEXIST);
		h = bpf_map_lookup_elem(&latency, &nr);
		if (!h)
			return 0;
	}
	__u32 slot = bits(took);

	if (slot > 63)
		slot = 63;
	__sync_fetch_and_add(&h->slots[slot], 1);
	return 0;
}
