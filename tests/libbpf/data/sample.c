// sample.elf is made of this file by:
//   clang -O2 -g -target bpf -mcpu=v3 -fdebug-compilation-dir=. -c sample.c -o sample.elf
//   llvm-strip -g sample.elf
#define SEC(name) __attribute__((section(name), used))

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;

enum color { RED, GREEN = 5, NEGATIVE = -1 };
enum big { SMALL = 1, BIG = 0x100000000ULL };

struct inner {
	u8 a;
	u32 b;
};

struct event {
	u32 pid;
	u16 port;
	u8 flags : 3, more : 5;
	_Bool ok;
	char comm[16];
	u8 addr[4];
	enum color color;
	struct inner in;
	union {
		u64 wide;
		struct {
			u32 low, high;
		};
	};
	u32 nums[3];
	void *pointer;
	__int128 huge;
	double ratio;
	enum big big;
	int class;
	u64 forty : 40, rest : 24;
	struct inner pair[2];
	union {
		u32 x;
		u8 y[4];
	} named;
};

struct {
	int (*type)[27];
	int (*max_entries)[4096];
} plain SEC(".maps");

struct {
	struct event (*type)[27];
	int (*max_entries)[4096];
} events SEC(".maps");

struct {
	int (*type)[1];
	u32 *key;
	struct inner *value;
	int (*max_entries)[16];
} counts SEC(".maps");

volatile const u32 target = 7;
struct event last;

__attribute__((noinline)) static int twice(int n)
{
	last.port = n;
	return n * 2;
}

SEC("xdp") int first(void *ctx)
{
	last.pid += target;
	return twice(last.pid) > 4;
}

SEC("xdp") int second(void *ctx)
{
	last.pid = 9;
	return 2;
}

char _license[] SEC("license") = "GPL";
