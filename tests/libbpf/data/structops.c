// Two congestion controls of TCP with the same name, and one that is not known by a link.
//
// structops.elf is made of this file by:
//   clang-19 -O2 -g -target bpf -mcpu=v3 -fdebug-compilation-dir=. -c structops.c -o structops.elf
//   llvm-strip-19 -g structops.elf
#define SEC(name) __attribute__((section(name), used))

typedef unsigned int __u32;
typedef unsigned long long __u64;

struct sock;

struct tcp_congestion_ops {
	void (*init)(struct sock *sk);
	__u32 (*ssthresh)(struct sock *sk);
	void (*cong_avoid)(struct sock *sk, __u32 ack, __u32 acked);
	__u32 (*undo_cwnd)(struct sock *sk);
	char name[16];
};

__u64 first_begun, second_begun, older_begun;

SEC("struct_ops/first_init")
void first_init(__u64 *ctx)
{
	__sync_fetch_and_add(&first_begun, 1);
}

SEC("struct_ops/second_init")
void second_init(__u64 *ctx)
{
	__sync_fetch_and_add(&second_begun, 1);
}

SEC("struct_ops/older_init")
void older_init(__u64 *ctx)
{
	__sync_fetch_and_add(&older_begun, 1);
}

SEC("struct_ops/threshold")
__u32 threshold(__u64 *ctx)
{
	return 2;
}

SEC("struct_ops/avoid")
void avoid(__u64 *ctx)
{
}

SEC("struct_ops/undo")
__u32 undo(__u64 *ctx)
{
	return 10;
}

SEC(".struct_ops.link")
struct tcp_congestion_ops first = {
	.init = (void *)first_init,
	.ssthresh = (void *)threshold,
	.cong_avoid = (void *)avoid,
	.undo_cwnd = (void *)undo,
	.name = "tinybpf_cc",
};

SEC(".struct_ops.link")
struct tcp_congestion_ops second = {
	.init = (void *)second_init,
	.ssthresh = (void *)threshold,
	.cong_avoid = (void *)avoid,
	.undo_cwnd = (void *)undo,
	.name = "tinybpf_cc",
};

SEC(".struct_ops")
struct tcp_congestion_ops older = {
	.init = (void *)older_init,
	.ssthresh = (void *)threshold,
	.cong_avoid = (void *)avoid,
	.undo_cwnd = (void *)undo,
	.name = "tinybpf_old",
};

char gpl[] SEC("license") = "GPL";
