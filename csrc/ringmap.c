/* Ring buffer maps as memory (ringmap.h), shared by all readers of a map in the process. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "api.h"
#include "native.h"

/* NULL and errno where it cannot be had. */
struct tb_ringmap *tb_ringmap_new(int map_fd)
{
    struct bpf_map_info info = {0};
    uint32_t length = sizeof info;
    struct tb_ringmap *ring;

    if (tb_api.bpf_obj_get_info_by_fd(map_fd, &info, &length) < 0)
        return NULL;
    if (info.type != BPF_MAP_TYPE_RINGBUF) {
        errno = EINVAL;
        return NULL;
    }
    ring = calloc(1, sizeof *ring);
    if (!ring)
        return NULL;
    ring->users = 1;
    ring->size = info.max_entries;
    ring->page = (unsigned long)sysconf(_SC_PAGESIZE);
    void *consumer = mmap(NULL, ring->page, PROT_READ | PROT_WRITE, MAP_SHARED, map_fd, 0);
    if (consumer == MAP_FAILED)
        goto failed;
    ring->consumer = consumer;
    void *producer = mmap(NULL, ring->page + 2 * ring->size, PROT_READ, MAP_SHARED, map_fd, (off_t)ring->page);
    if (producer == MAP_FAILED)
        goto failed;
    ring->producer = producer;
    ring->data = (const uint8_t *)producer + ring->page;
    return ring;
failed:;
    int err = errno;
    tb_ringmap_put(ring);
    errno = err;
    return NULL;
}

void tb_ringmap_get(struct tb_ringmap *ring) { __atomic_add_fetch(&ring->users, 1, __ATOMIC_ACQ_REL); }

/* The last one that puts it back frees it. */
void tb_ringmap_put(struct tb_ringmap *ring)
{
    if (!ring || __atomic_sub_fetch(&ring->users, 1, __ATOMIC_ACQ_REL))
        return;
    if (ring->consumer)
        munmap(ring->consumer, ring->page);
    if (ring->producer)
        munmap((void *)ring->producer, ring->page + 2 * ring->size);
    free(ring);
}

void tb_ringmap_positions(const struct tb_ringmap *ring, uint64_t *consumer, uint64_t *producer)
{
    *consumer = __atomic_load_n(ring->consumer, __ATOMIC_ACQUIRE);
    *producer = __atomic_load_n(ring->producer, __ATOMIC_ACQUIRE);
}

/*
 * Copy records of `size` bytes, one right behind the other, until there are `most` or the next one has
 * another size, which is then in *other (else UINT32_MAX). How many, or -EBADMSG.
 */
int64_t tb_ringmap_copy(struct tb_ringmap *ring, uint8_t *into, uint32_t size, uint64_t most, uint32_t *other)
{
    struct tb_walk walk, found;
    uint64_t count = 0;
    int err = tb_walk_begin(&walk, ring);

    *other = UINT32_MAX;
    while (!err && count < most) {
        found = walk;
        err = tb_walk_next(&found);
        if (err > 0 && found.size != size) {
            *other = found.size;
            break;
        }
        walk = found;
        if (err <= 0)
            break;
        memcpy(into + count++ * size, found.record, size);
        err = 0;
    }
    tb_walk_end(&walk);
    return err < 0 && !count ? err : (int64_t)count;
}
