/* What the files map_entries.c, map_batch.c and map_ahead.c share: how far an iterator over a map is. */
#ifndef TINYBPF_OBJECTS_MAP_ENTRIES_H
#define TINYBPF_OBJECTS_MAP_ENTRIES_H

#include "map.h"

enum want { KEYS, VALUES, PAIRS };

struct batch {
    char *keys;
    char *values;
    uint32_t room;  /* entries that fit */
    uint32_t count; /* entries that are there */
};

struct ahead; /* map_ahead.c */

struct entries { /* MapEntries */
    PyObject_HEAD
    struct tb_access *map;
    PyObject *seen;    /* the raw keys, where one may come again */
    struct batch now;  /* what is handed out */
    struct batch next; /* what another thread reads meanwhile, in dict() */
    char *cursor;      /* where the next batch begins: two of them, the kernel reads one and writes the other */
    uint32_t at;       /* the one that comes next */
    uint32_t step;     /* how many to ask for */
    int command;       /* MAP_LOOKUP_BATCH, MAP_TAKE_BATCH, or MAP_NEXT_KEY */
    enum want want;
    bool begun;
    bool ended;
    bool busy;         /* a thread fills it, without the interpreter's lock */
    int fruitless;     /* batches that the kernel broke off without an entry, one after the other */
    uint64_t steps;    /* keys that may still be asked for */
    uint64_t most;     /* entries that the map can have */
    uint64_t buckets;  /* that the cursor counts; 0 where it is something else */
};

/* map_batch.c */
size_t tb_cursor_size(const struct entries *self);
int tb_entries_room(struct entries *self, struct batch *batch);
int tb_entries_singly(struct entries *self); /* go from key to key: 0 or -1 */
void tb_entries_hurry(struct entries *self); /* all of it is wanted: no small batches first */
long tb_entries_read(struct entries *self, struct batch *batch, int fd); /* knows nothing of Python */
int tb_entries_settle(struct entries *self, struct batch *batch, long result);
int tb_entries_fill(struct entries *self); /* until there is an entry: 1, 0 at the end, -1 with an exception */
uint64_t tb_entries_expected(const struct entries *self); /* about how many the map has, after one batch */

/* map_ahead.c */
struct ahead *tb_ahead_new(struct entries *self, int fd); /* takes the descriptor; NULL without a thread */
void tb_ahead_ask(struct ahead *ahead);
long tb_ahead_wait(struct ahead *ahead); /* what tb_entries_read() gave */
void tb_ahead_free(struct ahead *ahead);

#endif
