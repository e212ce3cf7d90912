/* A function that no kernel has:
 * clang -O2 -g -target bpf -mcpu=v3 -fdebug-compilation-dir=. -c unresolved_strong.c -o unresolved_strong.elf */
#define SEC(name) __attribute__((section(name), used))

extern int bpf_task_acquired(void *task) __attribute__((section(".ksyms")));

char LICENSE[] SEC("license") = "GPL";

SEC("tc") int function(void *ctx)
{
    return bpf_task_acquired(ctx);
}
