// examples/tracepoint-connect, as one writes it in C.
#include "bpf.h"

struct connection {
	__u32 pid;
	__u16 family;
	__be16 port;
	struct in_addr addr4;
	struct in6_addr addr6;
	char comm[16];
};

struct sockaddr_start {
	__u16 family;
	__be16 port;
	struct in_addr addr4; // AF_INET only
};

#define SOCKADDR6_ADDR 8

struct {
	__uint(type, RINGBUF);
	__uint(max_entries, 1 << 18);
} connections SEC(".maps");

__u64 lost;

SEC("tracepoint/syscalls/sys_enter_connect")
int on_connect(struct trace_event_raw_sys_enter *ctx)
{
	unsigned long at = ctx->args[1];
	struct sockaddr_start to;

	if (bpf_probe_read_user(&to, sizeof(to), (void *)at))
		return 0;
	struct connection c = {
		.pid = bpf_get_current_pid_tgid() >> 32,
		.family = to.family,
		.port = to.port,
	};
	switch (to.family) {
	case AF_INET:
		c.addr4 = to.addr4;
		break;
	case AF_INET6:
		if (bpf_probe_read_user(&c.addr6, sizeof(c.addr6), (void *)(at + SOCKADDR6_ADDR)))
			return 0;
		break;
	default:
		return 0;
	}
	bpf_get_current_comm(c.comm, sizeof(c.comm));
	if (bpf_ringbuf_output(&connections, &c, sizeof(c), 0))
		__sync_fetch_and_add(&lost, 1);
	return 0;
}
