// examples/lsm-file-open, as one writes it in C.
#include "bpf.h"

struct qstr {
	const char *name;
} __relocated;

struct dentry {
	struct qstr d_name;
} __relocated;

struct file {
	struct path f_path;
} __relocated;

struct name {
	char text[64];
};

struct denied {
	__u32 pid;
	__u32 uid;
	char comm[16];
	struct name name;
};

struct {
	__uint(type, HASH);
	__uint(max_entries, 1024);
	__type(key, struct name);
	__type(value, __u8);
} guarded SEC(".maps");

struct {
	__uint(type, RINGBUF);
	__uint(max_entries, 1 << 16);
} denied SEC(".maps");

__u64 lost;

SEC("lsm/file_open")
int opening(__u64 *ctx)
{
	struct file *file = (struct file *)ctx[0];
	__s32 result = ctx[1];

	if (result)
		return result;
	struct denied d = {};

	bpf_probe_read_kernel_str(d.name.text, sizeof(d.name.text), file->f_path.dentry->d_name.name);
	if (!bpf_map_lookup_elem(&guarded, &d.name))
		return 0;
	d.pid = bpf_get_current_pid_tgid() >> 32;
	d.uid = bpf_get_current_uid_gid();
	bpf_get_current_comm(d.comm, sizeof(d.comm));
	if (bpf_ringbuf_output(&denied, &d, sizeof(d), 0))
		__sync_fetch_and_add(&lost, 1);
	return -EPERM;
}
