/*
 * MapEntries: an iterator over a map's keys, values or pairs that reads many entries per call.
 *
 * Where the kernel has no batches for the map it goes from key to key. A key that another deletes
 * meanwhile then sends the kernel back to the front: keys that were seen are passed over, and the number
 * of steps has a limit, so that it ends whatever others write.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "map.h"

#define FIRST 256            /* entries of the first batch: whoever looks at the first one only pays little */
#define MOST 8192            /* … and of the largest, unless the kernel asks for more */
#define MOST_BYTES (4 << 20)
#define FRUITLESS 1000       /* batches that the kernel broke off without an entry */

enum want { KEYS, VALUES, PAIRS };

struct entries {
    PyObject_HEAD
    struct tb_access *map;
    PyObject *seen;    /* the raw keys, where one may come again */
    char *keys;        /* the batch */
    char *values;
    char *cursor;      /* where the next batch begins: two of them, the kernel reads one and writes the other */
    uint32_t room;     /* entries that fit */
    uint32_t count;    /* entries in the batch */
    uint32_t at;       /* the one that comes next */
    uint32_t step;     /* how many to ask for */
    int command;       /* MAP_LOOKUP_BATCH, MAP_TAKE_BATCH, or MAP_NEXT_KEY */
    enum want want;
    bool begun;
    bool ended;
    bool busy;         /* a thread fills it, without the interpreter's lock */
    uint64_t steps;    /* keys that may still be asked for */
};

static size_t cursor_size(const struct entries *self)
{
    return self->map->key.size < 8 ? 8 : self->map->key.size;
}

static int make_room(struct entries *self, uint32_t count)
{
    if (count <= self->room)
        return 0;
    char *keys = PyMem_Realloc(self->keys, (size_t)count * self->map->key.size + 1);
    if (keys)
        self->keys = keys;
    char *values = PyMem_Realloc(self->values, (size_t)count * self->map->value.size + 1);
    if (values)
        self->values = values;
    if (!keys || !values) {
        PyErr_NoMemory();
        return -1;
    }
    self->room = count;
    return 0;
}

/* One batch: 0, -ENOENT where it was the last one, or another negative errno. */
static long read_batch(struct entries *self, int fd)
{
    char *from = self->cursor, *to = self->cursor + cursor_size(self);
    struct tb_batch attributes = {
        .in = self->begun ? (uint64_t)(uintptr_t)from : 0,
        .out = (uint64_t)(uintptr_t)to,
        .keys = (uint64_t)(uintptr_t)self->keys,
        .values = (uint64_t)(uintptr_t)self->values,
        .count = self->step,
        .map_fd = (uint32_t)fd,
    };
    long result = tb_bpf(self->command, &attributes, sizeof attributes);
    self->count = 0;
    if (!result || result == -ENOENT || result == -EINTR || result == -EAGAIN) {
        self->count = attributes.count <= self->step ? attributes.count : 0;
        if (!result || self->count) {
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
static long walk(struct entries *self, int fd)
{
    size_t key = self->map->key.size, value = self->map->value.size;
    char *next = self->cursor + cursor_size(self);
    long result = 0;

    self->count = 0;
    if (!self->begun)
        result = one(fd, MAP_NEXT_KEY, NULL, self->cursor);
    self->begun = true;
    while (!result && self->count < self->step) {
        if (!self->steps)
            return -ENOENT;
        self->steps--;
        char *to = self->values + self->count * value;
        long found = self->want == KEYS ? 0 : one(fd, MAP_LOOKUP, self->cursor, to);
        if (!found)
            memcpy(self->keys + self->count++ * key, self->cursor, key);
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

/* Read on until there is an entry: 1, 0 at the end, -1 with an exception. */
static int fill(struct entries *self)
{
    int fruitless = 0;

    while (!self->ended) {
        if (make_room(self, self->step))
            return -1;
        int fd = tb_own_fd(self->map, "iterate over");
        if (fd < 0)
            return -1;
        long result;
        self->busy = true;
        Py_BEGIN_ALLOW_THREADS
        result = self->command == MAP_NEXT_KEY ? walk(self, fd) : read_batch(self, fd);
        close(fd);
        Py_END_ALLOW_THREADS
        self->busy = false;
        self->at = 0;
        if (result == -ENOSPC && self->step < UINT32_MAX / 2) { /* more in one bucket than fits */
            self->step *= 2;
            continue;
        }
        bool absent = result == -TB_ENOTSUPP || result == -EINVAL || result == -EOPNOTSUPP;
        if (absent && !self->begun && self->command == MAP_LOOKUP_BATCH) {
            if (without_batches(self))
                return -1;
            continue;
        }
        self->ended = result == -ENOENT;
        if ((result == -EINTR || result == -EAGAIN) && fruitless++ < FRUITLESS) {
            if (PyErr_CheckSignals())
                return -1;
        } else if (result && result != -ENOENT) {
            self->count = 0;
            tb_fail(self->map, "iterate over", result, -1);
            return -1;
        }
        if (self->step < MOST && 4 * (uint64_t)self->step * (self->map->key.size + self->map->value.size) <= MOST_BYTES)
            self->step *= 4;
        if (self->count)
            return 1;
    }
    return 0;
}

/* The next entry's number in the batch; -1 at the end, -2 with an exception. */
static int64_t advance(struct entries *self)
{
    for (;;) {
        if (self->busy) {
            PyErr_SetString(PyExc_ValueError, "another thread reads from this iterator");
            return -2;
        }
        if (self->at >= self->count) {
            int filled = fill(self);
            if (filled <= 0)
                return filled - 1;
        }
        uint32_t number = self->at++;
        if (!self->seen)
            return number;
        size_t size = self->map->key.size;
        PyObject *raw = PyBytes_FromStringAndSize(self->keys + number * size, size);
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
    return tb_decode(&self->map->key, self->keys + number * self->map->key.size);
}

static PyObject *value_at(struct entries *self, int64_t number)
{
    return tb_decode(&self->map->value, self->values + number * self->map->value.size);
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

/* dict(): what is left, as a dictionary. */
static PyObject *entries_dict(PyObject *object, PyObject *unused)
{
    struct entries *self = (struct entries *)object;
    int64_t number;

    (void)unused;
    PyObject *made = PyDict_New();
    while (made && (number = advance(self)) >= 0) {
        PyObject *key = key_at(self, number), *value = key ? value_at(self, number) : NULL;
        if (!value || PyDict_SetItem(made, key, value))
            number = -2;
        Py_XDECREF(key);
        Py_XDECREF(value);
        if (number < 0)
            break;
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
            count += self->count - self->at;
            self->at = self->count;
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
    PyMem_Free(self->keys);
    PyMem_Free(self->values);
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
