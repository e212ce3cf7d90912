/* MapEntries: an iterator over a map's keys, values or pairs, which may also make a dictionary of all. */
#include <string.h>
#include <unistd.h>

#include "map_entries.h"

#define FIRST 256            /* entries of the first batch: whoever looks at the first one only pays little */
#define WORTH 1024           /* batches from here on are worth a thread */
#define MOST_BYTES (4 << 20)

/* The next entry's number in the batch; -1 at the end, -2 with an exception. */
static int64_t advance(struct entries *self)
{
    for (;;) {
        if (self->busy) {
            PyErr_SetString(PyExc_ValueError, "another thread reads from this iterator");
            return -2;
        }
        if (self->at >= self->now.count) {
            int filled = tb_entries_fill(self);
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

/* Room for the entries that are to be expected: a dictionary that grows is copied each time. The function is
 * no part of the stable ABI, and not needed. */
extern PyObject *_PyDict_NewPresized(Py_ssize_t) __attribute__((weak, visibility("default")));

static PyObject *new_dict(const struct entries *self)
{
    uint64_t expected = tb_entries_expected(self);
    return expected && _PyDict_NewPresized ? _PyDict_NewPresized((Py_ssize_t)expected) : PyDict_New();
}

/* Whether another thread reads the next batch now; it is made when the first is worth it. */
static bool ask_ahead(struct entries *self, struct ahead **ahead)
{
    if (self->command == MAP_NEXT_KEY || self->ended || self->now.count < WORTH)
        return false;
    if (tb_entries_room(self, &self->next))
        return false;
    if (!*ahead) {
        int fd = tb_own_fd(self->map, "iterate over");
        if (fd >= 0 && !(*ahead = tb_ahead_new(self, fd)))
            close(fd);
    }
    if (!*ahead)
        return false;
    self->busy = true;
    tb_ahead_ask(*ahead);
    return true;
}

/* What was read ahead is handed out next: as tb_entries_fill(). */
static int take_ahead(struct entries *self, struct ahead *ahead)
{
    long result;

    Py_BEGIN_ALLOW_THREADS
    result = tb_ahead_wait(ahead);
    Py_END_ALLOW_THREADS
    self->busy = false;
    struct batch spare = self->now;
    self->now = self->next;
    self->next = spare;
    self->at = 0;
    int found = tb_entries_settle(self, &self->now, result);
    return found == 2 ? tb_entries_fill(self) : found;
}

static int all_into(struct entries *self, PyObject *made)
{
    struct ahead *ahead = NULL;
    int more = 1;

    while (more > 0) { /* a key that comes again is the same key */
        bool asked = ask_ahead(self, &ahead);
        if (PyErr_Occurred() || PyErr_CheckSignals() || into_dict(self, made))
            break;
        more = asked ? take_ahead(self, ahead) : tb_entries_fill(self);
    }
    if (ahead) {
        Py_BEGIN_ALLOW_THREADS
        tb_ahead_free(ahead);
        Py_END_ALLOW_THREADS
        self->busy = false;
    }
    return PyErr_Occurred() ? -1 : 0;
}

/* dict(): what is left, as a dictionary. */
static PyObject *entries_dict(PyObject *object, PyObject *unused)
{
    struct entries *self = (struct entries *)object;

    (void)unused;
    if (self->busy) {
        PyErr_SetString(PyExc_ValueError, "another thread reads from this iterator");
        return NULL;
    }
    tb_entries_hurry(self);
    if (self->at >= self->now.count && tb_entries_fill(self) < 0)
        return NULL;
    PyObject *made = new_dict(self);
    if (made && all_into(self, made))
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
    unsigned long long most, buckets = 0;

    (void)keywords;
    if (!PyArg_ParseTuple(arguments, "O!sipK|K", tb_access_type, &map, &want, &command, &again, &most,
                          &buckets))
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
    self->steps = 4 * most + 64;
    self->most = most;
    self->buckets = buckets;
    self->cursor = PyMem_Calloc(2, tb_cursor_size(self));
    if (!self->cursor)
        PyErr_NoMemory();
    if (!self->cursor || (again && tb_entries_singly(self))) {
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
