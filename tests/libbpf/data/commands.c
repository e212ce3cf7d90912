/*
 * Takes records that user space writes into a user ring buffer, and keeps what they say.
 *
 *   clang-19 -O2 -g -target bpf -mcpu=v3 -fdebug-compilation-dir=. -c commands.c -o commands.elf
 *   llvm-strip-19 -g commands.elf
 */
typedef unsigned int __u32;
typedef int __s32;
typedef unsigned long long __u64;

#define SEC(name) __attribute__((section(name), used))

struct command {
    __u32 kind;
    __s32 value;
    char name[8];
};

struct bpf_dynptr {
    __u64 opaque[2];
} __attribute__((aligned(8)));

static long (*bpf_dynptr_read)(void *into, __u32 size, const struct bpf_dynptr *from, __u32 offset, __u64 flags) =
    (void *)201;
static long (*bpf_user_ringbuf_drain)(void *map, void *callback, void *context, __u64 flags) = (void *)209;

struct {
    int (*type)[31]; /* BPF_MAP_TYPE_USER_RINGBUF */
    int (*max_entries)[4096];
} commands SEC(".maps");

__u64 taken;
__s32 sum;
struct command last;

static long take(struct bpf_dynptr *record, void *context)
{
    struct command command = {};

    if (bpf_dynptr_read(&command, sizeof command, record, 0, 0))
        return 1; /* too short: stop */
    taken++;
    sum += command.value;
    last = command;
    return 0;
}

SEC("syscall")
int drain(void *context)
{
    return (int)bpf_user_ringbuf_drain(&commands, take, 0, 0);
}

char _license[] SEC("license") = "GPL";
