// What C programs have that Go's do not: foreign.elf is made of this file by:
//   clang -O2 -g -target bpf -mcpu=v3 -fdebug-compilation-dir=. -c foreign.c -o foreign.elf
//   llvm-strip -g foreign.elf
#define SEC(name) __attribute__((section(name), used))
#define noinline __attribute__((noinline))
#define weak __attribute__((weak))
#define tag(text) __attribute__((btf_decl_tag(text)))

typedef unsigned char u8;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef unsigned __int128 u128;

static void *(*lookup)(void *map, const void *key) = (void *)1;
static long (*tail_call)(void *ctx, void *programs, u32 index) = (void *)12;
static u64 (*current)(void) = (void *)35;

enum huge { HUGE_ONE = 1, HUGE_LAST = 0xfffffffffffffff0ull };

struct bits {
	u32 low : 3;
	u32 high : 13;
	int sign : 4;
	union {
		u64 number;
		u8 bytes[8];
	};
	double ratio;
	u128 wide;
	struct {
		u8 x;
	} anonymous[2];
};

struct inner {
	int (*type)[2];
	u32 *key;
	u64 *value;
	int (*max_entries)[1];
} first SEC(".maps"), second SEC(".maps");

struct {
	int (*type)[12];
	int (*key_size)[4];
	int (*max_entries)[4];
	struct inner *values[];
} outer SEC(".maps") = {.values = {[1] = &first, [3] = &second}};

int last(void *ctx);

struct {
	int (*type)[3];
	int (*key_size)[4];
	int (*max_entries)[2];
	int (*values[])(void *);
} jumps SEC(".maps") = {.values = {[1] = (void *)&last}};

const volatile u32 answer = 7;
volatile enum huge hugest SEC(".data.huge") = HUGE_LAST;
struct bits bits SEC(".data.bits") tag("shown");
static volatile u64 seen;
static const u32 powers[] = {1, 2, 4, 8, 16};

extern int LINUX_KERNEL_VERSION SEC(".kconfig");
extern int CONFIG_NEVER_HEARD_OF SEC(".kconfig") weak;
extern const void symbol_nowhere SEC(".ksyms") weak;
extern int kfunc_nowhere(int) SEC(".ksyms") weak;

struct task_struct___mine {
	int pid;
	int field_nowhere;
} __attribute__((preserve_access_index));

static noinline u32 twice(u32 x)
{
	seen += x;
	return powers[x & 3] * 2;
}

weak noinline int shared(int x)
{
	return x + 1;
}

SEC("socket")
int last(void *ctx)
{
	return 21;
}

SEC("socket")
int jump(void *ctx)
{
	tail_call(ctx, &jumps, 1);
	return 1;
}

SEC("socket")
int nested(void *ctx)
{
	u32 key = 3, zero = 0;
	void *map = lookup(&outer, &key);
	u64 *value = map ? lookup(map, &zero) : 0;
	return value ? *value : -1;
}

SEC("?socket")
int optional(void *ctx)
{
	return 5;
}

SEC("socket")
int externs(void *ctx)
{
	int found = 0;
	if (LINUX_KERNEL_VERSION >= 0x050000)
		found |= 1;
	if (CONFIG_NEVER_HEARD_OF)
		found |= 2;
	if (&symbol_nowhere)
		found |= 4;
	if (kfunc_nowhere)
		found |= kfunc_nowhere(8);
	return found;
}

SEC("raw_tp/sys_enter")
int relocated(void *ctx)
{
	struct task_struct___mine *task = (void *)current();
	int there = __builtin_preserve_field_info(task->field_nowhere, 2);
	return there * 2 + __builtin_preserve_field_info(task->pid, 2);
}

SEC("socket")
int called(void *ctx)
{
	return twice(answer) + shared(1) + (bits.high == 4097 ? 1000 : 0);
}

char _license[] SEC("license") = "GPL";
