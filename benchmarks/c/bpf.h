// What the programs here need of the kernel's and libbpf's headers. Including those would only make
// clang take longer.
typedef unsigned char __u8;
typedef unsigned short __u16;
typedef unsigned int __u32;
typedef unsigned long long __u64;
typedef int __s32;
typedef long long __s64;
typedef __u16 __be16;
typedef __u32 __be32;

#define SEC(name) __attribute__((section(name), used))
#define __uint(name, value) int(*name)[value]
#define __type(name, value) typeof(value) *name
#define __always_inline inline __attribute__((always_inline))
#define __relocated __attribute__((preserve_access_index))
#define NULL ((void *)0)
#define bpf_ntohs(x) __builtin_bswap16(x)

enum { EPERM = 1 };
enum { RINGBUF = 27, HASH = 1, PERCPU_ARRAY = 6, LRU_HASH = 9, LPM_TRIE = 11 };
enum { BPF_ANY = 0, BPF_NOEXIST = 1, BPF_F_NO_PREALLOC = 1 };
enum { AF_INET = 2, AF_INET6 = 10 };
enum { ETH_P_IP = 0x0800, ETH_P_8021Q = 0x8100, ETH_P_IPV6 = 0x86dd };
enum { IPPROTO_TCP = 6, IPPROTO_UDP = 17 };
enum { XDP_DROP = 1, XDP_PASS = 2, TC_ACT_UNSPEC = -1, TC_ACT_SHOT = 2 };

struct in_addr {
	__be32 s_addr;
};

struct in6_addr {
	__u32 s6_addr32[4];
};

struct ethhdr {
	__u8 h_dest[6], h_source[6];
	__be16 h_proto;
} __attribute__((packed));

struct vlan_hdr {
	__be16 h_vlan_TCI;
	__be16 h_vlan_encapsulated_proto;
};

struct iphdr {
	__u8 ihl : 4, version : 4;
	__u8 tos;
	__be16 tot_len, id, frag_off;
	__u8 ttl, protocol;
	__u16 check;
	__be32 saddr, daddr;
};

struct ipv6hdr {
	__be32 flow;
	__be16 payload_len;
	__u8 nexthdr, hop_limit;
	struct in6_addr saddr, daddr;
};

struct udphdr {
	__be16 source, dest, len;
	__u16 check;
};

struct tcphdr {
	__be16 source, dest;
	__be32 seq, ack_seq;
	__u8 res1 : 4, doff : 4;
	__u8 flags;
	__be16 window;
	__u16 check;
	__be16 urg_ptr;
};

struct xdp_md {
	__u32 data, data_end, data_meta, ingress_ifindex, rx_queue_index, egress_ifindex;
};

struct __sk_buff {
	__u32 len, pkt_type, mark, queue_mapping, protocol;
	__u32 before_data[14];
	__u32 data, data_end;
};

struct bpf_sock_addr {
	__u32 user_family, user_ip4, user_ip6[4], user_port, family, type, protocol;
};

struct trace_entry {
	__u16 type;
	__u8 flags, preempt_count;
	__s32 pid;
};

struct trace_event_raw_sys_enter {
	struct trace_entry ent;
	long id;
	unsigned long args[6];
};

struct trace_event_raw_sys_exit {
	struct trace_entry ent;
	long id;
	long ret;
};

struct trace_event_raw_sched_process_exec {
	struct trace_entry ent;
	__u32 __data_loc_filename;
	__s32 pid, old_pid;
};

struct pt_regs {
	unsigned long r15, r14, r13, r12, bp, bx, r11, r10, r9, r8, ax, cx, dx, si, di;
} __relocated;

struct path {
	struct dentry *dentry;
} __relocated;

struct bpf_raw_tracepoint_args {
	__u64 args[12];
};

static void *(*const bpf_map_lookup_elem)(void *map, const void *key) = (void *)1;
static long (*const bpf_map_update_elem)(void *map, const void *key, const void *value, __u64 flags) = (void *)2;
static long (*const bpf_map_delete_elem)(void *map, const void *key) = (void *)3;
static __u64 (*const bpf_ktime_get_ns)(void) = (void *)5;
static __u64 (*const bpf_get_current_pid_tgid)(void) = (void *)14;
static __u64 (*const bpf_get_current_uid_gid)(void) = (void *)15;
static long (*const bpf_get_current_comm)(void *buf, __u32 size) = (void *)16;
static long (*const bpf_probe_read_user)(void *dst, __u32 size, const void *src) = (void *)112;
static long (*const bpf_probe_read_user_str)(void *dst, __u32 size, const void *src) = (void *)114;
static long (*const bpf_probe_read_kernel_str)(void *dst, __u32 size, const void *src) = (void *)115;
static long (*const bpf_ringbuf_output)(void *ring, void *data, __u64 size, __u64 flags) = (void *)130;
static void *(*const bpf_ringbuf_reserve)(void *ring, __u64 size, __u64 flags) = (void *)131;
static void (*const bpf_ringbuf_submit)(void *data, __u64 flags) = (void *)132;
static long (*const bpf_d_path)(struct path *path, char *buf, __u32 size) = (void *)147;

char LICENSE[] SEC("license") = "GPL";
