/*
 * libbpf's messages belong to the thread that caused them: they gather in a buffer of that thread,
 * warnings and information always, debug output only when asked for. The buffer grows as needed,
 * a verifier log of many megabytes included; a thread's end frees it.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "api.h"
#include "native.h"

struct log {
    char *text;
    size_t size, cap;
};

static pthread_key_t key;
static pthread_once_t key_once = PTHREAD_ONCE_INIT;
static _Thread_local struct log *thread_log;
static _Thread_local bool thread_debug;

static void free_log(void *pointer)
{
    struct log *log = pointer;
    free(log->text);
    free(log);
}

static void make_key(void) { pthread_key_create(&key, free_log); }

static struct log *get_log(void)
{
    if (thread_log)
        return thread_log;
    pthread_once(&key_once, make_key);
    thread_log = calloc(1, sizeof *thread_log);
    if (thread_log)
        pthread_setspecific(key, thread_log);
    return thread_log;
}

static bool reserve(struct log *log, size_t more)
{
    size_t need = log->size + more;
    if (need <= log->cap)
        return true;
    size_t cap = log->cap ? log->cap : 1024;
    while (cap < need)
        cap *= 2;
    char *text = realloc(log->text, cap);
    if (!text)
        return false;
    log->text = text;
    log->cap = cap;
    return true;
}

int tb_log_print(enum libbpf_print_level level, const char *format, va_list args)
{
    struct log *log;
    va_list again;

    if (level == LIBBPF_DEBUG && !thread_debug)
        return 0;
    log = get_log();
    if (!log || !reserve(log, 256))
        return 0;
    va_copy(again, args);
    size_t room = log->cap - log->size;
    int size = vsnprintf(log->text + log->size, room, format, args);
    if (size >= 0 && (size_t)size >= room && reserve(log, (size_t)size + 1))
        vsnprintf(log->text + log->size, (size_t)size + 1, format, again);
    va_end(again);
    if (size > 0 && log->size + (size_t)size < log->cap)
        log->size += (size_t)size;
    return 0;
}

void tb_log_clear(void)
{
    struct log *log = thread_log;
    tb_missing_clear(); /* what was missing belongs to the operation before, too */
    if (!log)
        return;
    log->size = 0;
    if (log->cap > 1 << 20) {
        free(log->text);
        log->text = NULL;
        log->cap = 0;
    }
}

const char *tb_log_text(size_t *size)
{
    *size = thread_log ? thread_log->size : 0;
    return *size ? thread_log->text : "";
}

void tb_log_debug(bool on) { thread_debug = on; }

/*
 * Address space for a verifier log, given to each of the object's programs; pages of it exist once
 * the kernel has written them. NULL where the system does not promise memory that it has not got.
 * One that the kernel left alone is kept for the next load.
 */
static char *spare_room;
static size_t spare_size; /* that of the first one: all of a process have the same */

static char *map_room(size_t size)
{
    void *room = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return room == MAP_FAILED ? NULL : room;
}

char *tb_room_new(struct bpf_object *obj, size_t size)
{
    struct bpf_program *program = NULL;
    char *room = size == spare_size ? __atomic_exchange_n(&spare_room, NULL, __ATOMIC_ACQ_REL) : NULL;

    if (!room)
        room = map_room(size);
    while (room && (program = tb_api.bpf_object__next_program(obj, program)))
        tb_api.bpf_program__set_log_buf(program, room, size);
    return room;
}

void tb_room_free(char *room, size_t size)
{
    size_t unset = 0;

    if (!room)
        return;
    __atomic_compare_exchange_n(&spare_size, &unset, size, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
    if (size == spare_size && !room[0]) /* nothing was written */
        room = __atomic_exchange_n(&spare_room, room, __ATOMIC_ACQ_REL);
    if (room) /* or there was a spare one already */
        munmap(room, size);
}
