/* What the running kernel does not have:
 * clang -O2 -g -target bpf -mcpu=v3 -fdebug-compilation-dir=. -c unresolved.c -o unresolved.elf */
#define SEC(name) __attribute__((section(name), used))
#define CORE __attribute__((preserve_access_index))

enum bpf_map_type_of_none { NO_SUCH_VALUE = 7 };
struct sched_entity { unsigned long vruntimes; } CORE;
struct task_struct { int pids; struct sched_entity se; } CORE;
struct no_such_struct { int field; } CORE;

static unsigned long (*get_task)(void) = (void *)35;
static long (*probe_read)(void *, unsigned int, const void *) = (void *)113;
extern int bpf_task_acquired(void *task) __attribute__((section(".ksyms"), weak));

char LICENSE[] SEC("license") = "GPL";

SEC("?raw_tracepoint/sys_enter") int field(void *ctx)
{
    struct task_struct *task = (void *)get_task();
    int value = 0;

    probe_read(&value, 4, &task->pids);
    return value;
}

SEC("?raw_tracepoint/sys_enter") int nested(void *ctx)
{
    struct task_struct *task = (void *)get_task();
    unsigned long value = 0;

    probe_read(&value, 8, &task->se.vruntimes);
    return value;
}

SEC("?raw_tracepoint/sys_enter") int unknown(void *ctx)
{
    struct no_such_struct *some = (void *)get_task();
    int value = 0;

    probe_read(&value, 4, &some->field);
    return value;
}

SEC("?raw_tracepoint/sys_enter") int value(void *ctx)
{
    return __builtin_preserve_enum_value(*(enum bpf_map_type_of_none *)NO_SUCH_VALUE, 1);
}

SEC("?tc") int function(void *ctx)
{
    return bpf_task_acquired(ctx);
}
