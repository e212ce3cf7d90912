// examples/rawtp-sched, as one writes it in C.
#include "bpf.h"

struct thread {
	char comm[16];
	__u64 ran;
	__u64 switches;
	__u64 preempted;
};

struct {
	__uint(type, LRU_HASH);
	__uint(max_entries, 10240);
	__type(key, __u32);
	__type(value, struct thread);
} threads SEC(".maps");

struct {
	__uint(type, PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} since SEC(".maps");

static const struct thread zero;

SEC("raw_tracepoint/sched_switch")
int switched(struct bpf_raw_tracepoint_args *ctx)
{
	__u32 first = 0;
	__u64 *last = bpf_map_lookup_elem(&since, &first);

	if (!last)
		return 0;
	__u64 began = *last, now = bpf_ktime_get_ns();

	*last = now;
	__u32 tid = bpf_get_current_pid_tgid();

	if (began == 0 || tid == 0)
		return 0;
	struct thread *t = bpf_map_lookup_elem(&threads, &tid);

	if (!t) {
		bpf_map_update_elem(&threads, &tid, &zero, BPF_NOEXIST);
		t = bpf_map_lookup_elem(&threads, &tid);
		if (!t)
			return 0;
	}
	bpf_get_current_comm(t->comm, sizeof(t->comm));
	t->ran += now - began;
	t->switches++;
	if (ctx->args[0] & 1)
		t->preempted++;
	return 0;
}
