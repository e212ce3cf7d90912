/*
 * Many entries of a map per call, for MapEntries.
 *
 * Where the kernel has no batches for the map it goes from key to key. A key that another deletes
 * meanwhile then sends the kernel back to the front: keys that were seen are passed over, and the number
 * of steps has a limit, so that it ends whatever others write.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "map_entries.h"

#define MOST 8192       /* entries of a batch, unless the kernel asks for more */
#define MOST_BYTES (4 << 20)
#define SEVERAL 2048    /* … of the first one, where all are wanted */
#define FRUITLESS 1000  /* batches without an entry, one after the other */

size_t tb_cursor_size(const struct entries *self)
{
    return self->map->key.size < 8 ? 8 : self->map->key.size;
}

int tb_entries_room(struct entries *self, struct batch *batch)
{
    if (self->step <= batch->room)
        return 0;
    char *keys = PyMem_Realloc(batch->keys, (size_t)self->step * self->map->key.size + 1);
    if (keys)
        batch->keys = keys;
    char *values = PyMem_Realloc(batch->values, (size_t)self->step * self->map->value.size + 1);
    if (values)
        batch->values = values;
    if (!keys || !values) {
        PyErr_NoMemory();
        return -1;
    }
    batch->room = self->step;
    return 0;
}

/* One batch: 0, -ENOENT where it was the last one, or another negative errno. */
static long read_batch(struct entries *self, struct batch *batch, int fd)
{
    char *from = self->cursor, *to = self->cursor + tb_cursor_size(self);
    struct tb_batch attributes = {
        .in = self->begun ? (uint64_t)(uintptr_t)from : 0,
        .out = (uint64_t)(uintptr_t)to,
        .keys = (uint64_t)(uintptr_t)batch->keys,
        .values = (uint64_t)(uintptr_t)batch->values,
        .count = self->step,
        .map_fd = (uint32_t)fd,
    };
    long result = tb_bpf(self->command, &attributes, sizeof attributes);
    batch->count = 0;
    if (!result || result == -ENOENT || result == -EINTR || result == -EAGAIN) {
        batch->count = attributes.count <= self->step ? attributes.count : 0;
        if (!result || batch->count) {
            memcpy(from, to, tb_cursor_size(self));
            self->begun = true;
        }
    }
    return result;
}

static long one(int fd, int command, const void *key, void *value)
{
    struct tb_element attributes = {
        .map_fd = (uint32_t)fd,
        .key = (uint64_t)(uintptr_t)key,
        .value = (uint64_t)(uintptr_t)value,
    };
    return tb_bpf(command, &attributes, sizeof attributes);
}

/* The same from key to key; the cursor is the key that comes next, so that the caller may delete the last. */
static long walk(struct entries *self, struct batch *batch, int fd)
{
    size_t key = self->map->key.size, value = self->map->value.size;
    char *next = self->cursor + tb_cursor_size(self);
    long result = 0;

    batch->count = 0;
    if (!self->begun)
        result = one(fd, MAP_NEXT_KEY, NULL, self->cursor);
    self->begun = true;
    while (!result && batch->count < self->step) {
        if (!self->steps)
            return -ENOENT;
        self->steps--;
        char *to = batch->values + batch->count * value;
        long found = self->want == KEYS ? 0 : one(fd, MAP_LOOKUP, self->cursor, to);
        if (!found)
            memcpy(batch->keys + batch->count++ * key, self->cursor, key);
        else if (found != -ENOENT)
            return found;
        result = one(fd, MAP_NEXT_KEY, self->cursor, next);
        memcpy(self->cursor, next, key);
    }
    return result;
}

long tb_entries_read(struct entries *self, struct batch *batch, int fd)
{
    return self->command == MAP_NEXT_KEY ? walk(self, batch, fd) : read_batch(self, batch, fd);
}

/* Go on from key to key: the kernel has no batches here. */
int tb_entries_singly(struct entries *self)
{
    self->command = MAP_NEXT_KEY;
    if (!self->seen)
        self->seen = PySet_New(NULL);
    return self->seen ? 0 : -1;
}

/* After the kernel's answer: 1 there are entries, 0 the end, 2 ask again, -1 with an exception. */
int tb_entries_settle(struct entries *self, struct batch *batch, long result)
{
    if (result == -ENOSPC && self->step < UINT32_MAX / 2) { /* more in one bucket than fits */
        self->step *= 2;
        return 2;
    }
    bool absent = result == -TB_ENOTSUPP || result == -EINVAL || result == -EOPNOTSUPP;
    if (absent && !self->begun && self->command == MAP_LOOKUP_BATCH)
        return tb_entries_singly(self) ? -1 : 2;
    self->ended = result == -ENOENT;
    bool broken_off = (result == -EINTR || result == -EAGAIN) && self->fruitless++ < FRUITLESS;
    if (broken_off && PyErr_CheckSignals())
        return -1;
    if (result && result != -ENOENT && !broken_off) {
        batch->count = 0;
        tb_fail(self->map, "iterate over", result, -1);
        return -1;
    }
    uint64_t each = (uint64_t)self->map->key.size + self->map->value.size;
    if (self->step < MOST && 4 * self->step * each <= MOST_BYTES)
        self->step *= 4;
    if (batch->count)
        self->fruitless = 0;
    return batch->count ? 1 : self->ended ? 0 : 2;
}

/* Read on until there is an entry: 1, 0 at the end, -1 with an exception. */
int tb_entries_fill(struct entries *self)
{
    int found = self->ended ? 0 : 2;

    while (found == 2) {
        if (tb_entries_room(self, &self->now))
            return -1;
        int fd = tb_own_fd(self->map, "iterate over");
        if (fd < 0)
            return -1;
        long result;
        self->busy = true;
        Py_BEGIN_ALLOW_THREADS
        result = tb_entries_read(self, &self->now, fd);
        close(fd);
        Py_END_ALLOW_THREADS
        self->busy = false;
        self->at = 0;
        found = tb_entries_settle(self, &self->now, result);
    }
    return found;
}

void tb_entries_hurry(struct entries *self)
{
    uint64_t each = (uint64_t)self->map->key.size + self->map->value.size;
    while (self->step < SEVERAL && 2 * self->step * each <= MOST_BYTES)
        self->step *= 2;
}

/* A hash's cursor is the number of the bucket that comes next, an array's the last index. */
uint64_t tb_entries_expected(const struct entries *self)
{
    uint32_t place;

    if (self->ended)
        return self->now.count;
    if (!self->buckets || self->command == MAP_NEXT_KEY || !self->begun)
        return 0;
    memcpy(&place, self->cursor, sizeof place);
    if (!place || place > self->buckets)
        return 0;
    double expected = (double)self->now.count * (double)self->buckets / place;
    return expected < (double)self->most ? (uint64_t)expected : self->most;
}
