/*
 * A ring buffer map as memory, and how records are found in it: each begins at a multiple of 8 with
 * its length and two flags. The kernel moves the producer's position, the reader the consumer's, and
 * what lies between is the reader's. Both extension modules read it; ringmap.c maps it.
 *
 * One reader at a time, in the whole process, which the caller sees to. Readers in other processes
 * cannot be kept away: what they do to the positions is found out, and never leads out of the memory.
 */
#ifndef TINYBPF_RINGMAP_H
#define TINYBPF_RINGMAP_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tb_ringmap {
    unsigned long *consumer;
    const unsigned long *producer;
    const uint8_t *data; /* twice in a row, so that no record has a seam */
    unsigned long size;  /* a power of two */
    unsigned long page;
    int users;
};

struct tb_walk {
    const struct tb_ringmap *ring;
    unsigned long at, end;
    const uint8_t *record; /* the one that was found last */
    uint32_t size;
};

enum { TB_RECORD_HEADER = 8 };

/* From the first record to the last one that is there now; -EBADMSG where the positions make no sense. */
static inline int tb_walk_begin(struct tb_walk *walk, const struct tb_ringmap *ring)
{
    walk->ring = ring;
    walk->at = __atomic_load_n(ring->consumer, __ATOMIC_ACQUIRE);
    walk->end = __atomic_load_n(ring->producer, __ATOMIC_ACQUIRE);
    return walk->end - walk->at > ring->size || walk->at & 7 ? -EBADMSG : 0;
}

/*
 * The next record: 1 with it in ->record and ->size, 0 where there is none, or one that a program is
 * still writing, -EBADMSG where its length makes no sense.
 */
static inline int tb_walk_next(struct tb_walk *walk)
{
    const uint32_t busy = UINT32_C(1) << 31, discarded = UINT32_C(1) << 30;

    while (walk->at != walk->end) {
        const uint8_t *header = walk->ring->data + (walk->at & (walk->ring->size - 1));
        uint32_t length = __atomic_load_n((const uint32_t *)header, __ATOMIC_ACQUIRE);
        if (length & busy)
            return 0;
        walk->size = length & ~discarded;
        unsigned long takes = ((unsigned long)walk->size + TB_RECORD_HEADER + 7) & ~7UL;
        if (takes > walk->end - walk->at)
            return -EBADMSG;
        walk->at += takes;
        walk->record = header + TB_RECORD_HEADER;
        if (!(length & discarded))
            return 1;
    }
    return 0;
}

/* What was walked over is the kernel's again. */
static inline void tb_walk_end(const struct tb_walk *walk)
{
    __atomic_store_n(walk->ring->consumer, walk->at, __ATOMIC_RELEASE);
    /* A program wakes the reader only where it sees this: before the reader looks again, and sleeps. */
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
}

#endif
