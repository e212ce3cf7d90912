/*
 * MapEntries: an iterator over a map's keys, values or pairs that reads many entries per call.
 *
 * Where the kernel has no batches for the map it goes from key to key. A key that another deletes
 * meanwhile then sends the kernel back to the front: keys that were seen are passed over, and the number
 * of steps has a limit, so that it ends whatever others write.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "map.h"

#define FIRST 256            /* entries of the first batch: whoever looks at the first one only pays little */
#define MOST 8192            /* … and of the largest, unless the kernel asks for more */
#define MOST_BYTES (4 << 20)
#define AHEAD 4096           /* batches from here on are worth a thread */
#define PATIENCE 20          /* milliseconds; a batch takes two where nobody else wants the processors */
#define FRUITLESS 1000       /* batches without an entry, one after the other */

enum want { KEYS, VALUES, PAIRS };

struct batch {
    char *keys;
    char *values;
    uint32_t room;  /* entries that fit */
    uint32_t count; /* entries that are there */
};

struct entries {
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
    bool alone;        /* the machine has no time for a second thread */
    bool busy;         /* a thread fills it, without the interpreter's lock */
    int fruitless;     /* batches that the kernel broke off without an entry, one after the other */
    uint64_t steps;    /* keys that may still be asked for */
};

static size_t cursor_size(const struct entries *self)
{
    return self->map->key.size < 8 ? 8 : self->map->key.size;
}

static int make_room(struct entries *self, struct batch *batch)
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
    char *from = self->cursor, *to = self->cursor + cursor_size(self);
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
            memcpy(from, to, cursor_size(self));
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
    char *next = self->cursor + cursor_size(self);
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

/* Go on from key to key: the kernel has no batches here. */
static int without_batches(struct entries *self)
{
    self->command = MAP_NEXT_KEY;
    if (!self->seen)
        self->seen = PySet_New(NULL);
    return self->seen ? 0 : -1;
}

/* After the kernel's answer: 1 there are entries, 0 the end, 2 ask again, -1 with an exception. */
static int settle(struct entries *self, struct batch *batch, long result)
{
    if (result == -ENOSPC && self->step < UINT32_MAX / 2) { /* more in one bucket than fits */
        self->step *= 2;
        return 2;
    }
    bool absent = result == -TB_ENOTSUPP || result == -EINVAL || result == -EOPNOTSUPP;
    if (absent && !self->begun && self->command == MAP_LOOKUP_BATCH)
        return without_batches(self) ? -1 : 2;
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
static int fill(struct entries *self)
{
    int found = self->ended ? 0 : 2;

    while (found == 2) {
        if (make_room(self, &self->now))
            return -1;
        int fd = tb_own_fd(self->map, "iterate over");
        if (fd < 0)
            return -1;
        long result;
        self->busy = true;
        Py_BEGIN_ALLOW_THREADS
        result = self->command == MAP_NEXT_KEY ? walk(self, &self->now, fd) : read_batch(self, &self->now, fd);
        close(fd);
        Py_END_ALLOW_THREADS
        self->busy = false;
        self->at = 0;
        found = settle(self, &self->now, result);
    }
    return found;
}

/* The next entry's number in the batch; -1 at the end, -2 with an exception. */
static int64_t advance(struct entries *self)
{
    for (;;) {
        if (self->busy) {
            PyErr_SetString(PyExc_ValueError, "another thread reads from this iterator");
            return -2;
        }
        if (self->at >= self->now.count) {
            int filled = fill(self);
            if (filled <= 0)
                return filled - 1;
        }
        uint32_t number = self->at++;
        if (!self->seen)
            return number;
        size_t size = self->map->key.size;
        PyObject *raw = PyBytes_FromStringAndSize(self->now.keys + number * size, size);
        int again = raw ? PySet_Contains(self->seen, raw) : -1;
        if (!again && PySet_Add(self->seen, raw))
            again = -1;
        Py_XDECREF(raw);
        if (again <= 0)
            return again ? -2 : (int64_t)number;
    }
}

static PyObject *key_at(struct entries *self, int64_t number)
{
    return tb_decode(&self->map->key, self->now.keys + number * self->map->key.size);
}

static PyObject *value_at(struct entries *self, int64_t number)
{
    return tb_decode(&self->map->value, self->now.values + number * self->map->value.size);
}

static PyObject *entries_next(PyObject *object)
{
    struct entries *self = (struct entries *)object;
    int64_t number = advance(self);
    if (number < 0)
        return NULL;
    if (self->want == KEYS)
        return key_at(self, number);
    if (self->want == VALUES)
        return value_at(self, number);
    PyObject *key = key_at(self, number), *value = key ? value_at(self, number) : NULL;
    PyObject *pair = value ? PyTuple_New(2) : NULL;
    if (!pair) {
        Py_XDECREF(key);
        Py_XDECREF(value);
        return NULL;
    }
    PyTuple_SetItem(pair, 0, key);
    PyTuple_SetItem(pair, 1, value);
    return pair;
}

/* Reading ahead: while this thread makes objects of one batch, another reads the next. */

struct ahead {
    struct entries *self;
    int fd; /* -1: nobody reads */
    long result;
    pthread_t thread;
};

static void *read_ahead(void *argument)
{
    struct ahead *ahead = argument;
    ahead->result = read_batch(ahead->self, &ahead->self->next, ahead->fd);
    return NULL;
}

/* 0, also where nobody reads ahead; -1 with an exception. */
static int start_ahead(struct entries *self, struct ahead *ahead)
{
    sigset_t all, before;

    ahead->self = self;
    ahead->fd = -1;
    if (self->alone || self->command == MAP_NEXT_KEY || self->ended || self->now.count < AHEAD)
        return 0;
    if (make_room(self, &self->next))
        return -1;
    int fd = tb_own_fd(self->map, "iterate over");
    if (fd < 0)
        return -1;
    ahead->fd = fd;
    self->busy = true;
    sigfillset(&all); /* signals are for threads of Python */
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int failed = pthread_create(&ahead->thread, NULL, read_ahead, ahead);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (failed) {
        ahead->fd = -1;
        self->busy = false;
        close(fd);
    }
    return 0;
}

/* Waits for what was read, which is then what is handed out: as fill(). */
static int end_ahead(struct entries *self, struct ahead *ahead)
{
    if (ahead->fd < 0)
        return PyErr_Occurred() ? -1 : fill(self);
    struct timespec began, ended;
    clock_gettime(CLOCK_MONOTONIC, &began);
    Py_BEGIN_ALLOW_THREADS
    pthread_join(ahead->thread, NULL);
    close(ahead->fd);
    Py_END_ALLOW_THREADS
    clock_gettime(CLOCK_MONOTONIC, &ended);
    self->alone = (ended.tv_sec - began.tv_sec) * 1000 + (ended.tv_nsec - began.tv_nsec) / 1000000 > PATIENCE;
    self->busy = false;
    if (PyErr_Occurred())
        return -1;
    struct batch spare = self->now;
    self->now = self->next;
    self->next = spare;
    self->at = 0;
    int found = settle(self, &self->now, ahead->result);
    return found == 2 ? fill(self) : found;
}

/* One batch into a dictionary: 0 or -1 with an exception. */
static int into_dict(struct entries *self, PyObject *made)
{
    while (self->at < self->now.count) {
        uint32_t number = self->at++;
        PyObject *key = key_at(self, number), *value = key ? value_at(self, number) : NULL;
        int failed = value ? PyDict_SetItem(made, key, value) : -1;
        Py_XDECREF(key);
        Py_XDECREF(value);
        if (failed)
            return -1;
    }
    return 0;
}

/* dict(): what is left, as a dictionary. */
static PyObject *entries_dict(PyObject *object, PyObject *unused)
{
    struct entries *self = (struct entries *)object;
    struct ahead ahead;
    int more = 1;

    (void)unused;
    if (self->busy) {
        PyErr_SetString(PyExc_ValueError, "another thread reads from this iterator");
        return NULL;
    }
    PyObject *made = PyDict_New();
    while (made && more > 0) { /* a key that comes again is the same key */
        if (start_ahead(self, &ahead))
            break;
        into_dict(self, made);
        more = end_ahead(self, &ahead);
    }
    if (made && PyErr_Occurred())
        Py_CLEAR(made);
    return made;
}

/* count(): how many are left. */
static PyObject *entries_count(PyObject *object, PyObject *unused)
{
    struct entries *self = (struct entries *)object;
    Py_ssize_t count = 0;

    (void)unused;
    while (advance(self) >= 0) {
        count++;
        if (!self->seen) { /* all of the batch at once */
            count += self->now.count - self->at;
            self->at = self->now.count;
        }
    }
    return PyErr_Occurred() ? NULL : PyLong_FromSsize_t(count);
}

static PyObject *entries_new(PyTypeObject *type, PyObject *arguments, PyObject *keywords)
{
    PyObject *map;
    const char *want;
    int command, again;
    unsigned long long entries;

    (void)keywords;
    if (!PyArg_ParseTuple(arguments, "O!sipK", tb_access_type, &map, &want, &command, &again, &entries))
        return NULL;
    if (tb_bind((struct tb_access *)map))
        return NULL;
    allocfunc allocate = (allocfunc)PyType_GetSlot(type, Py_tp_alloc);
    struct entries *self = (struct entries *)allocate(type, 0);
    if (!self)
        return NULL;
    Py_INCREF(map);
    self->map = (struct tb_access *)map;
    self->want = *want == 'k' ? KEYS : *want == 'v' ? VALUES : PAIRS;
    self->command = command;
    self->step = FIRST;
    while (self->step > 1 && (uint64_t)self->step * self->map->value.size > MOST_BYTES)
        self->step /= 2;
    self->steps = 4 * entries + 64;
    self->cursor = PyMem_Calloc(2, cursor_size(self));
    if (!self->cursor)
        PyErr_NoMemory();
    if (!self->cursor || (again && without_batches(self))) {
        Py_DECREF((PyObject *)self);
        return NULL;
    }
    return (PyObject *)self;
}

static int entries_traverse(PyObject *object, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(object));
    Py_VISIT((PyObject *)((struct entries *)object)->map);
    return 0; /* the set has bytes only */
}

static void entries_dealloc(PyObject *object)
{
    struct entries *self = (struct entries *)object;
    PyTypeObject *type = Py_TYPE(object);
    freefunc release = (freefunc)PyType_GetSlot(type, Py_tp_free);
    PyObject_GC_UnTrack(object);
    Py_CLEAR(self->map);
    Py_CLEAR(self->seen);
    PyMem_Free(self->now.keys);
    PyMem_Free(self->now.values);
    PyMem_Free(self->next.keys);
    PyMem_Free(self->next.values);
    PyMem_Free(self->cursor);
    release(object);
    Py_DECREF(type);
}

static PyMethodDef entries_methods[] = {
    {"dict", entries_dict, METH_NOARGS, NULL},
    {"count", entries_count, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot entries_slots[] = {
    {Py_tp_new, entries_new},
    {Py_tp_dealloc, entries_dealloc},
    {Py_tp_traverse, entries_traverse},
    {Py_tp_iter, PyObject_SelfIter},
    {Py_tp_iternext, entries_next},
    {Py_tp_methods, entries_methods},
    {0, NULL},
};

PyType_Spec tb_entries_spec = {
    .name = "tinybpf.libbpf._objects.MapEntries",
    .basicsize = sizeof(struct entries),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC,
    .slots = entries_slots,
};
