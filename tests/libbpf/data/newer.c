// What this libbpf and this kernel do not know: newer.elf is made of this file by:
//   clang -O2 -g -target bpf -mcpu=v3 -fdebug-compilation-dir=. -c newer.c -o newer.elf
//   llvm-strip -g newer.elf
#define SEC(name) __attribute__((section(name), used))

static long (*helper_nowhere)(void *) = (void *)9999;

struct {
	int (*type)[77];
	unsigned int *key;
	unsigned long long *value;
	int (*max_entries)[4];
} strange SEC(".maps");

struct {
	int (*type)[1];
	unsigned int *key;
	unsigned long long *value;
	int (*max_entries)[4];
	int (*map_flags)[0x10000000];
} flagged SEC(".maps");

struct {
	int (*type)[1];
	unsigned int *key;
	unsigned long long *value;
	int (*max_entries)[4];
} counts SEC(".maps");

SEC("quantum/now")
int quantum(void *ctx)
{
	return 1;
}

SEC("xdp.quantum")
int almost(void *ctx)
{
	return 1;
}

SEC("socket")
int helper(void *ctx)
{
	return helper_nowhere(ctx);
}

SEC("socket")
int plain(void *ctx)
{
	return 3;
}

char _license[] SEC("license") = "GPL";
