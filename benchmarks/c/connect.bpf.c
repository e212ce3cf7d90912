// The program of examples/tracepoint-connect, as one writes it in C.
typedef unsigned char __u8;
typedef unsigned short __u16;
typedef unsigned int __u32;
typedef unsigned long long __u64;

#define SEC(name) __attribute__((section(name), used))
#define __uint(name, value) int(*name)[value]

#define AF_INET 2
#define AF_INET6 10

struct connect_event {
	__u32 pid;
	__u32 dst_addr_be;
	__u8 dst_addr6[16];
	__u16 dst_port_be;
	__u16 family;
	char comm[16];
};

struct enter_connect {
	__u8 common[16];
	__u64 fd;
	__u64 addr;
	__u64 addr_len;
};

struct sockaddr_start {
	__u16 family;
	__u16 port_be;
	__u32 addr_be;
};

struct {
	__uint(type, 27);
	__uint(max_entries, 1 << 18);
} events SEC(".maps");

static __u64 (*const bpf_get_current_pid_tgid)(void) = (void *)14;
static long (*const bpf_get_current_comm)(void *buf, __u32 size) = (void *)16;
static long (*const bpf_probe_read_user)(void *dst, __u32 size, const void *src) = (void *)112;
static long (*const bpf_ringbuf_output)(void *ring, void *data, __u64 size, __u64 flags) = (void *)130;

SEC("tracepoint/syscalls/sys_enter_connect")
int handle_connect(struct enter_connect *args)
{
	__u64 addr = args->addr;
	struct sockaddr_start sa;

	if (bpf_probe_read_user(&sa, sizeof(sa), (void *)addr) < 0)
		return 0;
	struct connect_event event = {
		.pid = bpf_get_current_pid_tgid() >> 32,
		.dst_port_be = sa.port_be,
		.family = sa.family,
	};
	switch (sa.family) {
	case AF_INET:
		event.dst_addr_be = sa.addr_be;
		break;
	case AF_INET6:
		if (bpf_probe_read_user(&event.dst_addr6, 16, (void *)(addr + 8)) < 0)
			return 0;
		break;
	default:
		return 0;
	}
	bpf_get_current_comm(event.comm, 16);
	bpf_ringbuf_output(&events, &event, sizeof(event), 0);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
