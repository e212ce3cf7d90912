// examples/execsnoop, as one writes it in C.
#include "bpf.h"

struct exec {
	__u64 time;
	__u32 pid;
	__u32 uid;
	char comm[16];
	char path[256];
};

struct {
	__uint(type, RINGBUF);
	__uint(max_entries, 1 << 18);
} execs SEC(".maps");

__u64 lost;

SEC("tracepoint/sched/sched_process_exec")
int started(struct trace_event_raw_sched_process_exec *ctx)
{
	struct exec *e = bpf_ringbuf_reserve(&execs, sizeof(*e), 0);

	if (!e) {
		__sync_fetch_and_add(&lost, 1);
		return 0;
	}
	__builtin_memset(e, 0, sizeof(*e)); // what was in the buffer before is nobody's business
	e->time = bpf_ktime_get_ns();
	e->pid = bpf_get_current_pid_tgid() >> 32;
	e->uid = bpf_get_current_uid_gid();
	bpf_get_current_comm(e->comm, sizeof(e->comm));
	bpf_probe_read_kernel_str(e->path, sizeof(e->path), (void *)ctx + (ctx->__data_loc_filename & 0xffff));
	bpf_ringbuf_submit(e, 0);
	return 0;
}
