// examples/cgroup-connect, as one writes it in C.
#include "bpf.h"

struct denied {
	__u32 pid;
	__u32 family;
	struct in_addr addr4;
	struct in6_addr addr6;
	__u32 port;
	char comm[16];
};

struct {
	__uint(type, HASH);
	__uint(max_entries, 1024);
	__type(key, __u16);
	__type(value, __u64);
} blocked SEC(".maps");

struct {
	__uint(type, RINGBUF);
	__uint(max_entries, 1 << 16);
} denials SEC(".maps");

__u64 lost;

static __always_inline int may_connect(__u16 port)
{
	__u64 *attempts = bpf_map_lookup_elem(&blocked, &port);

	if (!attempts)
		return 1;
	__sync_fetch_and_add(attempts, 1);
	return 0;
}

static __always_inline void report(struct denied *d)
{
	d->pid = bpf_get_current_pid_tgid() >> 32;
	bpf_get_current_comm(d->comm, sizeof(d->comm));
	if (bpf_ringbuf_output(&denials, d, sizeof(*d), 0))
		__sync_fetch_and_add(&lost, 1);
}

SEC("cgroup/connect4")
int connect4(struct bpf_sock_addr *ctx)
{
	__u16 port = bpf_ntohs(ctx->user_port);

	if (may_connect(port))
		return 1;
	struct denied d = { .family = AF_INET, .port = port, .addr4.s_addr = ctx->user_ip4 };

	report(&d);
	return 0;
}

SEC("cgroup/connect6")
int connect6(struct bpf_sock_addr *ctx)
{
	__u16 port = bpf_ntohs(ctx->user_port);

	if (may_connect(port))
		return 1;
	struct denied d = { .family = AF_INET6, .port = port };

	d.addr6.s6_addr32[0] = ctx->user_ip6[0];
	d.addr6.s6_addr32[1] = ctx->user_ip6[1];
	d.addr6.s6_addr32[2] = ctx->user_ip6[2];
	d.addr6.s6_addr32[3] = ctx->user_ip6[3];
	report(&d);
	return 0;
}
