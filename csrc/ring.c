/*
 * What a reader waits for: ring buffer maps and perf event arrays below one epoll descriptor, beside
 * an eventfd that ends a wait. The records of a ring buffer are taken out of its memory (ringmap.h);
 * those of a perf event array are copied into a batch, each at a multiple of 8, and Python slices it
 * when nobody is inside libbpf any more. That is why a callback may close the reader, or raise.
 *
 * One drain of a map at a time, in the whole process; waits may run beside it. The caller sees to
 * both, and to nobody being inside when the ring is freed.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "api.h"
#include "native.h"

enum { WAKE = UINT32_MAX };

static int grow(void **items, uint32_t *cap, uint64_t need, size_t size)
{
    uint64_t want = *cap ? *cap : 64;
    if (need <= *cap)
        return 0;
    while (want < need)
        want *= 2;
    if (want > UINT32_MAX)
        return -E2BIG;
    void *grown = realloc(*items, want * size);
    if (!grown)
        return -ENOMEM;
    *items = grown;
    *cap = (uint32_t)want;
    return 0;
}

/* One more record of the batch: 0, TB_RING_FULL when it was the last one, or a negative errno. */
int tb_ring_take(void *context, void *record, size_t size)
{
    struct tb_ring *ring = context;
    uint64_t end = (uint64_t)ring->used + ((size + 7) & ~(uint64_t)7);
    int err = grow((void **)&ring->data, &ring->data_cap, end, 1);
    if (!err)
        err = grow((void **)&ring->records, &ring->records_cap, (uint64_t)ring->count + 1, sizeof *ring->records);
    if (err)
        return err;
    memcpy(ring->data + ring->used, record, size);
    ring->records[ring->count++] = (struct tb_record){ring->used, (uint32_t)size};
    ring->used = (uint32_t)end;
    return tb_ring_full(ring) ? TB_RING_FULL : 0;
}

bool tb_ring_full(const struct tb_ring *ring)
{
    return ring->count >= ring->max_records || ring->used >= ring->max_bytes;
}

struct tb_ring *tb_ring_new(void)
{
    struct tb_ring *ring = calloc(1, sizeof *ring);
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = WAKE};
    if (!ring)
        return NULL;
    ring->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    ring->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (ring->wake_fd < 0 || ring->epoll_fd < 0 ||
        epoll_ctl(ring->epoll_fd, EPOLL_CTL_ADD, ring->wake_fd, &event)) {
        int err = errno;
        tb_ring_free(ring);
        errno = err;
        return NULL;
    }
    return ring;
}

/* The index of the new source, or a negative errno. */
static int add(struct tb_ring *ring, struct tb_source source, int fd)
{
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = ring->sources};
    int err = grow((void **)&ring->source, &ring->sources_cap, (uint64_t)ring->sources + 1, sizeof source);
    if (err)
        return err;
    if (epoll_ctl(ring->epoll_fd, EPOLL_CTL_ADD, fd, &event))
        return -errno;
    ring->source[ring->sources] = source;
    return (int)ring->sources++;
}

/* Read a ring buffer map, too; a hold on it is kept. The index of the source, or a negative errno. */
int tb_ring_add(struct tb_ring *ring, struct tb_ringmap *map, int map_fd)
{
    int index = add(ring, (struct tb_source){.map = map}, map_fd);
    if (index >= 0)
        tb_ringmap_get(map);
    return index;
}

/* Read a perf event array, too; the ring keeps a hold on it. The same results. */
int tb_ring_add_perf(struct tb_ring *ring, struct tb_perf *perf)
{
    int index = add(ring, (struct tb_source){.perf = perf}, tb_perf_epoll_fd(perf));
    if (index >= 0)
        tb_perf_get(perf);
    return index;
}

int tb_ring_fd(const struct tb_ring *ring) { return ring->epoll_fd; }

/* 1 when there may be records or the ring was woken, 0 after the time, or a negative errno. */
int tb_ring_wait(struct tb_ring *ring, int timeout_ms)
{
    struct epoll_event event;
    int ready = epoll_wait(ring->epoll_fd, &event, 1, timeout_ms);
    return ready < 0 ? -errno : ready;
}

/*
 * Fill the batch from a perf event array: at most max_records, and not much more than max_bytes. The
 * number of records, 0 when it is empty, or a negative errno.
 */
int tb_ring_drain(struct tb_ring *ring, uint32_t source, uint32_t max_records, uint32_t max_bytes)
{
    ring->count = 0;
    ring->used = 0;
    ring->max_records = max_records;
    ring->max_bytes = max_bytes;
    if (source >= ring->sources || !ring->source[source].perf)
        return -EINVAL;
    int err = tb_perf_drain(ring->source[source].perf, ring);
    return err < 0 && err != TB_RING_FULL && !ring->count ? err : (int)ring->count;
}

void tb_ring_wake(struct tb_ring *ring)
{
    uint64_t one = 1;
    if (write(ring->wake_fd, &one, sizeof one) < 0)
        return; /* full: it is awake already */
}

void tb_ring_free(struct tb_ring *ring)
{
    if (!ring)
        return;
    for (uint32_t i = 0; i < ring->sources; i++) {
        if (ring->source[i].perf)
            tb_perf_put(ring->source[i].perf);
        else
            tb_ringmap_put(ring->source[i].map);
    }
    if (ring->epoll_fd >= 0)
        close(ring->epoll_fd);
    if (ring->wake_fd >= 0)
        close(ring->wake_fd);
    free(ring->source);
    free(ring->records);
    free(ring->data);
    free(ring);
}
