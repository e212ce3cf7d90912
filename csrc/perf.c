/*
 * Perf event arrays: a buffer for each CPU that is online. One lives as long as its map is in use,
 * and several rings (ring.c) may read it in turn: each event goes to one of them. What the kernel
 * had no room for it counts, and says so with the next event that fits (since 6.0 also when asked).
 *
 * One drain at a time, which the caller sees to; counts of lost events can be read beside it.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "api.h"
#include "native.h"

enum { FORMAT_LOST = 1 << 4 }; /* PERF_FORMAT_LOST, which older headers lack */

struct sample {
    struct perf_event_header header;
    uint32_t size;
    char data[];
};

struct lost {
    struct perf_event_header header;
    uint64_t id, count;
};

struct tb_perf {
    struct perf_buffer *buffers;
    struct tb_ring *into; /* the ring that is being filled */
    uint64_t *lost;       /* by CPU */
    struct tb_run *run;   /* what the last drain took, at most one for each CPU */
    int runs, cpu;
    int cpus, map_fd, users;
    pid_t process;
    size_t next; /* the buffer that is read first, so that a busy CPU does not starve the others */
    int error;
    bool asks; /* the kernel says how many were lost when asked */
};

static enum bpf_perf_event_ret take(void *context, int cpu, struct perf_event_header *header)
{
    struct tb_perf *perf = context;

    if (header->type == PERF_RECORD_LOST && cpu < perf->cpus) {
        __atomic_add_fetch(&perf->lost[cpu], ((struct lost *)header)->count, __ATOMIC_RELAXED);
    } else if (header->type == PERF_RECORD_SAMPLE) {
        struct sample *sample = (struct sample *)header;
        int err = tb_ring_take(perf->into, sample->data, sample->size);
        perf->cpu = cpu;
        if (err == TB_RING_FULL)
            return LIBBPF_PERF_EVENT_DONE;
        if (err) { /* no memory for it */
            perf->error = err;
            __atomic_add_fetch(&perf->lost[cpu < perf->cpus ? cpu : 0], 1, __ATOMIC_RELAXED);
            return LIBBPF_PERF_EVENT_ERROR;
        }
    }
    return LIBBPF_PERF_EVENT_CONT;
}

/* Whether the kernel has FORMAT_LOST (6.0). */
static bool kernel_counts(void)
{
    struct perf_event_attr attr = {
        .size = sizeof attr,
        .type = PERF_TYPE_SOFTWARE,
        .config = PERF_COUNT_SW_BPF_OUTPUT,
        .read_format = FORMAT_LOST,
    };
    long fd = syscall(SYS_perf_event_open, &attr, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
    if (fd >= 0)
        close((int)fd);
    return fd >= 0;
}

/* Buffers of so many pages (a power of two) for each CPU, entered into the map; NULL and errno. */
struct tb_perf *tb_perf_new(int map_fd, size_t pages)
{
    struct perf_event_attr attr = {
        .size = sizeof attr,
        .type = PERF_TYPE_SOFTWARE,
        .config = PERF_COUNT_SW_BPF_OUTPUT,
        .sample_type = PERF_SAMPLE_RAW,
        .wakeup_events = 1,
    };
    struct tb_perf *perf = calloc(1, sizeof *perf);
    if (!perf)
        return NULL;
    perf->users = 1;
    perf->process = getpid();
    perf->cpus = tb_api.libbpf_num_possible_cpus();
    /* libbpf takes the entries out of the map at the end: by a descriptor that is then still ours */
    perf->map_fd = fcntl(map_fd, F_DUPFD_CLOEXEC, 0);
    if (perf->cpus > 0) {
        perf->lost = calloc((size_t)perf->cpus, sizeof *perf->lost);
        perf->run = calloc((size_t)perf->cpus, sizeof *perf->run);
    }
    if (perf->map_fd >= 0 && perf->lost && perf->run) {
        perf->asks = kernel_counts();
        attr.read_format = perf->asks ? FORMAT_LOST : 0;
        perf->buffers = tb_api.perf_buffer__new_raw(perf->map_fd, pages, &attr, take, perf, NULL);
    }
    if (!perf->buffers) {
        int err = errno;
        tb_perf_put(perf);
        errno = err;
        return NULL;
    }
    return perf;
}

void tb_perf_get(struct tb_perf *perf) { __atomic_add_fetch(&perf->users, 1, __ATOMIC_ACQ_REL); }

/*
 * The last one that puts it back frees it; not in a forked child, which would switch off the events
 * and empty the map for its parent, too.
 */
void tb_perf_put(struct tb_perf *perf)
{
    if (!perf || __atomic_sub_fetch(&perf->users, 1, __ATOMIC_ACQ_REL) || perf->process != getpid())
        return;
    if (perf->buffers)
        tb_api.perf_buffer__free(perf->buffers);
    if (perf->map_fd >= 0)
        close(perf->map_fd);
    free(perf->lost);
    free(perf->run);
    free(perf);
}

int tb_perf_epoll_fd(const struct tb_perf *perf) { return tb_api.perf_buffer__epoll_fd(perf->buffers); }

/* Fill the ring's batch, CPU by CPU; a negative errno, or 0. A forked child has no such memory: ECHILD. */
int tb_perf_drain(struct tb_perf *perf, struct tb_ring *ring)
{
    size_t count = tb_api.perf_buffer__buffer_cnt(perf->buffers);

    if (perf->process != getpid())
        return -ECHILD;

    perf->into = ring;
    perf->error = 0;
    perf->runs = 0;
    for (size_t i = 0; i < count && !perf->error && !tb_ring_full(ring); i++) {
        uint32_t before = ring->count;
        tb_api.perf_buffer__consume_buffer(perf->buffers, perf->next % count);
        perf->next = (perf->next + 1) % count;
        if (ring->count > before && perf->runs < perf->cpus)
            perf->run[perf->runs++] = (struct tb_run){perf->cpu, ring->count};
    }
    perf->into = NULL;
    return perf->error;
}

/* Where the records of the last drain come from: each run ends before record `end`. */
int tb_perf_runs(const struct tb_perf *perf, const struct tb_run **runs)
{
    *runs = perf->run;
    return perf->runs;
}

/* Events that were lost on a CPU, as far as records tell; on all of them where it is negative. */
uint64_t tb_perf_lost(const struct tb_perf *perf, int cpu)
{
    uint64_t sum = 0, answer[2];
    size_t count = tb_api.perf_buffer__buffer_cnt(perf->buffers);

    if (cpu < 0 && perf->asks) {
        for (size_t i = 0; i < count; i++)
            if (read(tb_api.perf_buffer__buffer_fd(perf->buffers, i), answer, sizeof answer) == sizeof answer)
                sum += answer[1];
        return sum;
    }
    for (int i = 0; i < perf->cpus; i++)
        if (cpu < 0 || i == cpu)
            sum += __atomic_load_n(&perf->lost[i], __ATOMIC_RELAXED);
    return sum;
}

/* Bytes read and written so far, and the room for them, of all CPUs' buffers together. */
void tb_perf_positions(const struct tb_perf *perf, uint64_t *consumer, uint64_t *producer, uint64_t *size)
{
    size_t count = tb_api.perf_buffer__buffer_cnt(perf->buffers), length;
    void *start;

    *consumer = *producer = *size = 0;
    for (size_t i = 0; i < count && perf->process == getpid(); i++) {
        if (tb_api.perf_buffer__buffer(perf->buffers, (int)i, &start, &length))
            continue;
        const struct perf_event_mmap_page *page = start;
        *consumer += __atomic_load_n(&page->data_tail, __ATOMIC_ACQUIRE);
        *producer += __atomic_load_n(&page->data_head, __ATOMIC_ACQUIRE);
        *size += page->data_size;
    }
}

/*
 * A perf event that samples: each `period` events, or `frequency` times a second where that is not
 * 0. Its descriptor, or a negative errno.
 */
int tb_perf_event_open(uint32_t type, uint64_t config, uint64_t period, uint64_t frequency, int pid, int cpu)
{
    struct perf_event_attr attr = {.size = sizeof attr, .type = type, .config = config};
    if (frequency) {
        attr.freq = 1;
        attr.sample_freq = frequency;
    } else {
        attr.sample_period = period;
    }
    long fd = syscall(SYS_perf_event_open, &attr, pid, cpu, -1, PERF_FLAG_FD_CLOEXEC);
    return fd < 0 ? -errno : (int)fd;
}
