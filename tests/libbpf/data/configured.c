// configured.elf is made of this file by:
//   clang -O2 -g -target bpf -mcpu=v3 -fdebug-compilation-dir=. -c configured.c -o configured.elf
//   llvm-strip -g configured.elf
#define SEC(name) __attribute__((section(name), used))

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;

static void *(*lookup)(void *map, const void *key) = (void *)1;
static long (*update)(void *map, const void *key, const void *value, u64 flags) = (void *)2;

struct {
	int (*type)[1];
	u32 *key;
	u64 *value;
	int (*max_entries)[4];
} counts SEC(".maps");

struct {
	int (*type)[1];
	u32 *key;
	u64 *value;
	int (*max_entries)[4];
	int (*pinning)[1];
} kept SEC(".maps");

struct {
	int (*type)[27];
	int (*max_entries)[4096];
} events SEC(".maps");

enum mode { OFF, ON = 5, AUTO = 9 };

struct limit {
	u16 low, high;
	u64 rate;
};

struct config {
	enum mode mode;
	struct limit limits[3];
	union {
		u32 word;
		u8 bytes[4];
	};
	u32 bits : 3;
	char name[8];
};

extern int CONFIG_HZ __attribute__((section(".kconfig")));
extern u32 LINUX_KERNEL_VERSION __attribute__((section(".kconfig")));

volatile const struct config config = {.mode = ON, .limits = {{1, 2, 3}, {4, 5, 6}}, .name = "start"};
volatile const u32 length = 4;
volatile const u64 factor SEC(".rodata.bar") = 3;
u64 hot SEC(".data.hot") = 40;
u32 table[4] SEC(".data.table") = {1, 2, 3, 4};
struct config seen;
u32 started = 1;

struct answer {
	u64 sum, rate;
	u32 mode, hz, version, word;
};

/* XDP, so that Linux 5.10 runs them: what they take and give is the packet. */
struct packet {
	u32 data, data_end;
};

static inline void *in_packet(struct packet *packet, u32 size)
{
	char *start = (char *)(u64)packet->data;

	return start + size > (char *)(u64)packet->data_end ? 0 : start;
}

SEC("xdp") int report(struct packet *packet)
{
	u32 key = 1, n = length;
	u64 *found = lookup(&counts, &key);
	struct answer *answer = in_packet(packet, sizeof(*answer));

	if (!answer)
		return -2;
	hot++;
	answer->sum = hot * factor;
	for (u32 i = 0; i < 64 && i < n; i++)
		answer->sum += ((volatile u32 *)table)[i];
	answer->rate = config.limits[2].rate;
	answer->mode = config.mode;
	answer->word = config.word;
	answer->hz = CONFIG_HZ;
	answer->version = LINUX_KERNEL_VERSION;
	seen.limits[1].rate++;
	return found ? (int)*found : -1;
}

SEC("xdp") int keep(struct packet *packet)
{
	u32 key = 7;
	u64 *value = in_packet(packet, sizeof(*value)), copy;

	if (!value)
		return -2;
	copy = *value;
	return update(&kept, &key, &copy, 0);
}

SEC("xdp") int broken(char *ctx)
{
	return *(volatile int *)(ctx + 1000000);
}

__attribute__((noinline)) int decide(int size)
{
	volatile int verdict = size > 100;

	return verdict;
}

SEC("xdp") int judge(u32 *ctx)
{
	return decide(ctx[1] - ctx[0]) + 1;
}

SEC("socket") int two(void *ctx)
{
	return 2;
}

SEC("?socket") int three(void *ctx)
{
	return 3;
}

char _license[] SEC("license") = "GPL";
