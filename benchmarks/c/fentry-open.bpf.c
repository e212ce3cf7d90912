// examples/fentry-open, as one writes it in C.
#include "bpf.h"

struct inode {
	__s64 i_size;
} __relocated;

struct file {
	struct path f_path;
	__u32 f_flags;
	struct inode *f_inode;
} __relocated;

struct open {
	__u64 took;
	__s64 size;
	__u32 pid;
	__u32 flags;
	__s32 result;
	char comm[16];
	char path[256];
};

struct {
	__uint(type, HASH);
	__uint(max_entries, 10240);
	__type(key, __u32);
	__type(value, __u64);
} began SEC(".maps");

struct {
	__uint(type, RINGBUF);
	__uint(max_entries, 1 << 18);
} opens SEC(".maps");

__u64 lost;

SEC("fentry/security_file_open")
int opening(__u64 *ctx)
{
	__u32 tid = bpf_get_current_pid_tgid();
	__u64 now = bpf_ktime_get_ns();

	bpf_map_update_elem(&began, &tid, &now, BPF_ANY);
	return 0;
}

SEC("fexit/security_file_open")
int opened(__u64 *ctx)
{
	struct file *file = (struct file *)ctx[0];
	__u64 id = bpf_get_current_pid_tgid(), now = bpf_ktime_get_ns();
	__u32 tid = id;
	__u64 *start = bpf_map_lookup_elem(&began, &tid);

	if (!start)
		return 0;
	__u64 took = now - *start;

	bpf_map_delete_elem(&began, &tid);
	struct open *e = bpf_ringbuf_reserve(&opens, sizeof(*e), 0);

	if (!e) {
		__sync_fetch_and_add(&lost, 1);
		return 0;
	}
	__builtin_memset(e, 0, sizeof(*e)); // as in execsnoop
	e->took = took;
	e->pid = id >> 32;
	e->flags = file->f_flags;
	e->result = ctx[1];
	e->size = file->f_inode->i_size;
	bpf_get_current_comm(e->comm, sizeof(e->comm));
	bpf_d_path(&file->f_path, e->path, sizeof(e->path));
	bpf_ringbuf_submit(e, 0);
	return 0;
}
