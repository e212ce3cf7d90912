/*
 * Ctrl-C while the kernel verifies. It stops where a signal comes (EAGAIN), and libbpf begins again, up to
 * five times, and then once more for the log: what the signal's handler in Python has to raise would wait
 * for all of that. So the system calls of the libbpf that is linked in come by here (-Wl,--wrap=syscall),
 * and Python is asked in between.
 */
#include <errno.h>
#include <stdarg.h>
#include <sys/syscall.h>

#include "api.h"
#include "native.h"

#define PROG_LOAD 5 /* BPF_PROG_LOAD */

extern int tb_signals(void); /* _interrupt.py: not 0 where a handler raised something */
long __real_syscall(long number, ...);
long __wrap_syscall(long number, ...);

static _Thread_local enum { NOT_HERE, LOADING, INTERRUPTED } state;

int tb_object_load(struct bpf_object *object)
{
    state = LOADING;
    int result = tb_api.bpf_object__load(object);
    state = NOT_HERE;
    return result;
}

long __wrap_syscall(long number, ...)
{
    long given[6];
    va_list list;
    va_start(list, number);
    for (int i = 0; i < 6; i++) /* those that were not given are not looked at */
        given[i] = va_arg(list, long);
    va_end(list);
    bool asked = state != NOT_HERE && number == SYS_bpf && given[0] == PROG_LOAD;
    long result = -1;
    if (!asked || state == LOADING)
        result = __real_syscall(number, given[0], given[1], given[2], given[3], given[4], given[5]);
    if (!asked || (state == LOADING && (result >= 0 || errno != EAGAIN)))
        return result;
    if (state == LOADING && tb_signals())
        state = INTERRUPTED;
    errno = state == INTERRUPTED ? EINTR : EAGAIN;
    return -1;
}
