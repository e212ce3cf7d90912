// A program for USDT probes, with the maps in which libbpf leaves what it knows of a probe.
//
// usdt.elf is made of this file by:
//   clang-19 -O2 -g -target bpf -mcpu=v3 -fdebug-compilation-dir=. -c usdt.c -o usdt.elf
//   llvm-strip-19 -g usdt.elf
typedef unsigned char __u8;
typedef short __s16;
typedef unsigned short __u16;
typedef unsigned int __u32;
typedef unsigned long long __u64;

#define SEC(name) __attribute__((section(name), used))
#define __uint(name, value) int(*name)[value]
#define __type(name, type) type *name

static void *(*lookup)(void *map, const void *key) = (void *)1;
static long (*read_kernel)(void *to, __u32 size, const void *from) = (void *)113;
static __u64 (*pid_tgid)(void) = (void *)14;
static __u64 (*attach_cookie)(void *ctx) = (void *)174;

/* As libbpf 1.7 lays it out; 1.6 had 16 bytes. */
struct argument {
    __u64 offset;
    __u8 kind;
    __u8 reserved[5];
    __s16 reg;
    __u8 is_signed;
    __u8 shift;
    __u8 padding[6];
};

struct spec {
    struct argument arguments[12];
    __u64 cookie;
    __s16 count;
};

struct {
    __uint(type, 2);
    __uint(max_entries, 256);
    __type(key, int);
    __type(value, struct spec);
} __bpf_usdt_specs SEC(".maps");

struct {
    __uint(type, 1);
    __uint(max_entries, 1024);
    __type(key, long);
    __type(value, __u32);
} __bpf_usdt_ip_to_spec_id SEC(".maps");

const volatile __u32 target;
__u64 calls, cookie, count;
__u64 numbers[2];

static void look(void *ctx, const struct argument *a, int i)
{
    __u64 value = 0;
    if (a->kind != 1) /* in a register */
        return;
    read_kernel(&value, sizeof value, ctx + a->reg);
    numbers[i] = value << (a->shift & 63) >> (a->shift & 63);
}

SEC("usdt")
int on_work(void *ctx)
{
    int id = attach_cookie(ctx);
    struct spec *spec = lookup(&__bpf_usdt_specs, &id);
    if (pid_tgid() >> 32 != target || !spec)
        return 0;
    calls++;
    cookie = spec->cookie;
    count = spec->count;
    look(ctx, &spec->arguments[0], 0);
    look(ctx, &spec->arguments[1], 1);
    return 0;
}

char gpl[] SEC("license") = "GPL";
