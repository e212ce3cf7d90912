// examples/kprobe-openat, as one writes it in C.
#include "bpf.h"

struct open {
	__u32 pid;
	__s32 result;
	char comm[16];
	char path[256];
};

struct {
	__uint(type, HASH);
	__uint(max_entries, 10240);
	__type(key, __u32);
	__type(value, const char *);
} paths SEC(".maps");

struct {
	__uint(type, RINGBUF);
	__uint(max_entries, 1 << 18);
} opens SEC(".maps");

__u64 lost;

SEC("kprobe/do_sys_openat2")
int opening(struct pt_regs *ctx)
{
	const char *filename = (const char *)ctx->si;
	__u32 tid = bpf_get_current_pid_tgid();

	bpf_map_update_elem(&paths, &tid, &filename, BPF_ANY);
	return 0;
}

SEC("kretprobe/do_sys_openat2")
int opened(struct pt_regs *ctx)
{
	__u64 id = bpf_get_current_pid_tgid();
	__u32 tid = id;
	const char **filename = bpf_map_lookup_elem(&paths, &tid);

	if (!filename)
		return 0;
	const char *address = *filename;

	bpf_map_delete_elem(&paths, &tid);
	struct open *e = bpf_ringbuf_reserve(&opens, sizeof(*e), 0);

	if (!e) {
		__sync_fetch_and_add(&lost, 1);
		return 0;
	}
	__builtin_memset(e, 0, sizeof(*e)); // as in execsnoop
	e->pid = id >> 32;
	e->result = ctx->ax;
	bpf_get_current_comm(e->comm, sizeof(e->comm));
	bpf_probe_read_user_str(e->path, sizeof(e->path), address);
	bpf_ringbuf_submit(e, 0);
	return 0;
}
