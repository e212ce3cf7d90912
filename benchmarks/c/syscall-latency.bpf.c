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

// The number of bits of v.
static __always_inline __u32 bits(__u64 v)
{
	__u32 n = 0;

	if (v >> 32) {
		v >>= 32;
		n = 32;
	}
	if (v >> 16) {
		v >>= 16;
		n += 16;
	}
	if (v >> 8) {
		v >>= 8;
		n += 8;
	}
	if (v >> 4) {
		v >>= 4;
		n += 4;
	}
	if (v >> 2) {
		v >>= 2;
		n += 2;
	}
	if (v >> 1) {
		v >>= 1;
		n++;
	}
	return n + v;
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
