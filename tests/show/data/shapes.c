/*
 * Every kind of field that `tinybpf run` knows, from several buffers, and maps of several kinds.
 *
 *     clang -O2 -g -target bpf -mcpu=v3 -fdebug-compilation-dir=. -c shapes.c -o shapes.elf
 *     llvm-strip -g shapes.elf
 */
typedef unsigned char __u8;
typedef unsigned short __u16;
typedef unsigned int __u32;
typedef unsigned long long __u64;
typedef long long __s64;
typedef __u16 __be16;
typedef __u32 __be32;
typedef __u64 ebpf_Ktime;
typedef __u64 ebpf_Nanoseconds;
typedef __u8 ebpf_MAC[6];

#define SEC(name) __attribute__((section(name), used))
#define SHOW(format) __attribute__((btf_decl_tag("show:" format)))

struct in_addr {
	__be32 s_addr;
};

struct in6_addr {
	__u8 bytes[16];
};

enum verdict { PASS = 1, DROP = 2 };

struct ebpf_Histogram {
	__u64 Slots[64];
};

struct conn {
	ebpf_Ktime When;
	__u32 PID;
	char Comm[16];
	struct in_addr Src;
	struct in6_addr Dst;
	__be16 Port;
	__u16 _;
	enum verdict Verdict;
	ebpf_Nanoseconds Took;
	ebpf_MAC Mac;
	__u16 Mode SHOW("oct");
	__s64 Ret SHOW("errno");
	__u64 Flags SHOW("hex");
	__u64 Len SHOW("bytes");
	__u32 Bits : 3;
	__u32 Rest : 29;
	_Bool Ok;
	void *Ptr;
};

struct exec {
	ebpf_Ktime When;
	__u32 PID;
	char Comm[16];
	__u64 Big;
};

struct comm {
	char Comm[16];
};

#define RINGBUF(name, event)                                                                                \
	struct {                                                                                             \
		event(*type)[27];                                                                            \
		int (*max_entries)[1 << 16];                                                                 \
	} name SEC(".maps")
#define MAP(name, kind, k, v, entries)                                                                       \
	struct {                                                                                             \
		int (*type)[kind];                                                                           \
		k *key;                                                                                      \
		v *value;                                                                                    \
		int (*max_entries)[entries];                                                                 \
	} name SEC(".maps")

RINGBUF(plain, int);
RINGBUF(conns, struct conn);
RINGBUF(execs, struct exec);
struct {
	struct exec (*type)[4];
	int (*key_size)[4];
	int (*value_size)[4];
} perf SEC(".maps");
MAP(counts, 1, struct comm, __u64, 1000);
MAP(percpu, 5, __u32, __u64, 1000);
MAP(lat, 6, __u32, struct ebpf_Histogram, 2);
MAP(arr, 2, __u32, __u64, 64);

const volatile __u32 target_pid = 0;
const volatile enum verdict want = DROP;
__u64 ebpf_lost_conns;

static void *(*lookup)(void *, void *) = (void *)1;
static long (*update)(void *, void *, void *, __u64) = (void *)2;
static __u64 (*now)(void) = (void *)5;
static __u64 (*pid_tgid)(void) = (void *)14;
static long (*comm)(void *, __u32) = (void *)16;
static long (*perf_output)(void *, void *, __u64, void *, __u64) = (void *)25;
static long (*output)(void *, void *, __u64, __u64) = (void *)130;

static void count(void *map, void *key, __u64 by)
{
	__u64 *value = lookup(map, key);
	if (value)
		*value += by;
	else
		update(map, key, &by, 0);
}

SEC("tracepoint/syscalls/sys_enter_getpgid")
int on_call(void *ctx)
{
	__u32 pid = pid_tgid() >> 32, zero = 0, seven = 7;
	struct comm who = {};
	if (target_pid && target_pid != pid)
		return 0;

	struct conn c;
	__builtin_memset(&c, 0, sizeof c);
	c.When = now();
	c.PID = pid;
	comm(c.Comm, 16);
	c.Src.s_addr = 0x0100007f;
	c.Dst.bytes[15] = 1;
	c.Port = 0xbb01;
	c.Verdict = want;
	c.Took = 1234567;
	c.Mac[0] = 2;
	c.Mac[5] = 0xfe;
	c.Mode = 0644;
	c.Ret = -2;
	c.Flags = 0xdead;
	c.Len = 123456;
	c.Bits = 5;
	c.Ok = 1;
	c.Ptr = ctx;
	if (output(&conns, &c, sizeof c, 0))
		ebpf_lost_conns++;

	struct exec e;
	__builtin_memset(&e, 0, sizeof e);
	e.When = now();
	e.PID = pid;
	comm(e.Comm, 16);
	e.Big = 1ULL << 60;
	output(&execs, &e, sizeof e, 0);
	e.When = now();
	perf_output(ctx, &perf, 0xffffffff, &e, sizeof e);

	comm(who.Comm, 16);
	count(&counts, &who, 1);
	count(&percpu, &pid, 1);
	count(&arr, &seven, 10);
	struct ebpf_Histogram *h = lookup(&lat, &zero);
	if (h) {
		h->Slots[5] += 3;
		h->Slots[11] += 1;
	}
	return 0;
}

char _license[] SEC("license") = "GPL";
