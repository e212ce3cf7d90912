/* What the verifier refuses:
 *   clang-19 -O2 -g -target bpf -mcpu=v3 -fdebug-compilation-dir=. -c refused.c -o refused.elf
 */
#define SEC(name) __attribute__((section(name), used))

typedef unsigned int u32;
typedef unsigned long long u64;

static void *(*bpf_map_lookup_elem)(void *map, const void *key) = (void *)1;
static u32 (*bpf_get_prandom_u32)(void) = (void *)7;
static long (*bpf_get_current_comm)(void *buffer, u32 size) = (void *)16;
static void *(*bpf_ringbuf_reserve)(void *ring, u64 size, u64 flags) = (void *)131;
static void (*bpf_ringbuf_submit)(void *record, u64 flags) = (void *)132;

struct {
    int (*type)[2]; /* BPF_MAP_TYPE_ARRAY */
    int (*max_entries)[1];
    u32 *key;
    u64 *value;
} counts SEC(".maps");

struct {
    int (*type)[27]; /* BPF_MAP_TYPE_RINGBUF */
    int (*max_entries)[4096];
} events SEC(".maps");

char LICENSE[] SEC("license") = "GPL";

SEC("?raw_tracepoint/sys_enter") int nil(void *ctx)
{
    u32 key = bpf_get_prandom_u32();
    u64 *count = bpf_map_lookup_elem(&counts, &key);

    *count += 1;
    return 0;
}

SEC("?raw_tracepoint/sys_enter") int leak(void *ctx)
{
    u64 *event = bpf_ringbuf_reserve(&events, 8, 0);

    if (!event)
        return 0;
    *event = bpf_get_prandom_u32();
    if (*event & 1)
        return 0;
    bpf_ringbuf_submit(event, 0);
    return 0;
}

SEC("?raw_tracepoint/sys_enter") int small(void *ctx)
{
    char name[8];

    bpf_get_current_comm((void *)name, 16);
    return name[0];
}

SEC("?raw_tracepoint/sys_enter") int spins(void *ctx)
{
    volatile u32 n = bpf_get_prandom_u32();

    while (n != 7)
        n = bpf_get_prandom_u32();
    return 0;
}
