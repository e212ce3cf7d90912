/* Many entries that the caller names: update, delete, look up. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "map.h"

#define MOST 4096 /* entries per call */
#define MOST_BYTES (1 << 20)

struct many {
    struct tb_access *map;
    int fd;
    uint32_t room;
    uint32_t count;
    char *keys;
    char *values;
    uint64_t flags;
    bool singly; /* the kernel has no batches for this */
    Py_ssize_t done;
};

static void finish(struct many *many)
{
    if (many->fd >= 0)
        close(many->fd);
    PyMem_Free(many->keys);
    PyMem_Free(many->values);
}

static int begin(struct many *many, PyObject *map, const char *verb)
{
    memset(many, 0, sizeof *many);
    many->fd = -1;
    many->map = (struct tb_access *)map;
    if (tb_bind(many->map))
        return -1;
    uint64_t each = (uint64_t)many->map->key.size + many->map->value.size;
    many->room = each * MOST <= MOST_BYTES ? MOST : each < MOST_BYTES ? MOST_BYTES / each : 1;
    many->keys = PyMem_Malloc((size_t)many->room * many->map->key.size + 1);
    many->values = PyMem_Malloc((size_t)many->room * many->map->value.size + 1);
    if (!many->keys || !many->values)
        PyErr_NoMemory();
    else
        many->fd = tb_own_fd(many->map, verb);
    if (many->fd >= 0)
        return 0;
    finish(many);
    return -1;
}

static char *key_of(struct many *many, uint32_t number) { return many->keys + (size_t)number * many->map->key.size; }

static char *value_of(struct many *many, uint32_t number)
{
    return many->values + (size_t)number * many->map->value.size;
}

static long one(struct many *many, int command, uint32_t number)
{
    struct tb_element attributes = {
        .map_fd = (uint32_t)many->fd,
        .key = many->map->key.size ? (uint64_t)(uintptr_t)key_of(many, number) : 0, /* filters have none */
        .value = command == MAP_DELETE ? 0 : (uint64_t)(uintptr_t)value_of(many, number),
        .flags = command == MAP_UPDATE ? many->flags : 0,
    };
    return tb_bpf(command, &attributes, sizeof attributes);
}

/* Entries from `*at` on, as many as the kernel takes; `*at` goes on by those that are done. */
static long some(struct many *many, int batch, int command, uint32_t *at)
{
    if (!many->singly) {
        struct tb_batch attributes = {
            .keys = (uint64_t)(uintptr_t)key_of(many, *at),
            .values = command == MAP_UPDATE ? (uint64_t)(uintptr_t)value_of(many, *at) : 0,
            .count = many->count - *at,
            .map_fd = (uint32_t)many->fd,
            .element_flags = many->flags,
        };
        uint32_t asked = attributes.count;
        long result = tb_bpf(batch, &attributes, sizeof attributes);
        bool absent = result == -TB_ENOTSUPP || result == -EINVAL || result == -EOPNOTSUPP;
        /* A refusal of the whole leaves the count as it was. */
        uint32_t done = !result ? asked : attributes.count < asked ? attributes.count : 0;
        *at += done;
        if (!absent || done)
            return result;
        many->singly = true;
    }
    long result = 0;
    while (*at < many->count && !(result = one(many, command, *at)))
        ++*at;
    return result;
}

static int flush_updates(struct many *many)
{
    uint32_t at = 0;
    long result = 0;

    Py_BEGIN_ALLOW_THREADS
    while (at < many->count && !result)
        result = some(many, MAP_UPDATE_BATCH, MAP_UPDATE, &at);
    Py_END_ALLOW_THREADS
    many->done += at;
    many->count = 0;
    if (!result)
        return PyErr_CheckSignals();
    tb_fail(many->map, "update", result, many->done);
    return -1;
}

/* One pair into the batch. */
static int add_pair(struct many *many, PyObject *pair)
{
    PyObject *both = PySequence_Tuple(pair);
    if (!both)
        return -1;
    int result = -1;
    if (PyTuple_Size(both) != 2)
        PyErr_Format(PyExc_ValueError, "pairs of key and value are needed, not %zd elements", PyTuple_Size(both));
    else if (!tb_encode(&many->map->key, PyTuple_GetItem(both, 0), key_of(many, many->count)) &&
             !tb_encode(&many->map->value, PyTuple_GetItem(both, 1), value_of(many, many->count)))
        result = 0;
    Py_DECREF(both);
    if (result || ++many->count < many->room)
        return result;
    return flush_updates(many);
}

/* _update_many(pairs or mapping, flags): how many were written. */
PyObject *tb_update_many(PyObject *self, PyObject *arguments)
{
    PyObject *given, *item;
    unsigned long long flags;
    struct many many;

    if (!PyArg_ParseTuple(arguments, "OK", &given, &flags))
        return NULL;
    PyObject *pairs = PyObject_HasAttrString(given, "keys") ? PyMapping_Items(given) : (Py_INCREF(given), given);
    PyObject *iterator = pairs ? PyObject_GetIter(pairs) : NULL;
    Py_XDECREF(pairs);
    if (!iterator)
        return NULL;
    if (begin(&many, self, "update")) {
        Py_DECREF(iterator);
        return NULL;
    }
    many.flags = flags;
    many.singly = (flags & ~(uint64_t)TB_LOCK) != 0; /* all that batches know */
    int failed = 0;
    while (!failed && (item = PyIter_Next(iterator))) {
        failed = add_pair(&many, item);
        Py_DECREF(item);
    }
    Py_DECREF(iterator);
    if (!failed && !PyErr_Occurred() && many.count)
        failed = flush_updates(&many);
    finish(&many);
    return failed || PyErr_Occurred() ? NULL : PyLong_FromSsize_t(many.done);
}

/* Deletes what is in the batch; a key that is not there is passed over. */
static int flush_deletes(struct many *many)
{
    uint32_t at = 0;
    long result = 0;

    Py_BEGIN_ALLOW_THREADS
    while (at < many->count && (!result || result == -ENOENT)) {
        uint32_t from = at;
        result = some(many, MAP_DELETE_BATCH, MAP_DELETE, &at);
        many->done += at - from;
        if (result == -ENOENT)
            at++;
    }
    Py_END_ALLOW_THREADS
    many->count = 0;
    if (!result || result == -ENOENT)
        return PyErr_CheckSignals();
    tb_fail(many->map, "delete from", result, many->done);
    return -1;
}

/* _delete_many(keys): how many were there. */
PyObject *tb_delete_many(PyObject *self, PyObject *arguments)
{
    PyObject *keys, *key;
    struct many many;

    if (!PyArg_ParseTuple(arguments, "O", &keys))
        return NULL;
    PyObject *iterator = PyObject_GetIter(keys);
    if (!iterator)
        return NULL;
    if (begin(&many, self, "delete from")) {
        Py_DECREF(iterator);
        return NULL;
    }
    int failed = 0;
    while (!failed && (key = PyIter_Next(iterator))) {
        failed = tb_encode(&many.map->key, key, key_of(&many, many.count));
        Py_DECREF(key);
        if (!failed && ++many.count == many.room)
            failed = flush_deletes(&many);
    }
    Py_DECREF(iterator);
    if (!failed && !PyErr_Occurred() && many.count)
        failed = flush_deletes(&many);
    finish(&many);
    return failed || PyErr_Occurred() ? NULL : PyLong_FromSsize_t(many.done);
}

/* Values of what is in the batch, None for what is not there, behind those in the list. */
static int flush_lookups(struct many *many, PyObject *list)
{
    uint32_t count = many->count, at = 0;
    many->count = 0;
    while (at < count) {
        uint32_t from = at;
        long result = 0;
        Py_BEGIN_ALLOW_THREADS
        while (at < count && !(result = one(many, MAP_LOOKUP, at)))
            at++;
        Py_END_ALLOW_THREADS
        for (; from < at; from++) {
            PyObject *value = tb_decode(&many->map->value, value_of(many, from));
            int failed = value ? PyList_Append(list, value) : -1;
            Py_XDECREF(value);
            if (failed)
                return -1;
        }
        if (result && result != -ENOENT) {
            tb_fail(many->map, "look up in", result, -1);
            return -1;
        }
        if (result) {
            at++;
            if (PyList_Append(list, Py_None))
                return -1;
        }
    }
    return PyErr_CheckSignals();
}

/* _lookup_many(keys): a list of values. */
PyObject *tb_lookup_many(PyObject *self, PyObject *keys)
{
    PyObject *key;
    struct many many;

    PyObject *iterator = PyObject_GetIter(keys);
    if (!iterator)
        return NULL;
    if (begin(&many, self, "look up in")) {
        Py_DECREF(iterator);
        return NULL;
    }
    PyObject *list = PyList_New(0);
    int failed = !list;
    while (!failed && (key = PyIter_Next(iterator))) {
        failed = tb_encode(&many.map->key, key, key_of(&many, many.count));
        Py_DECREF(key);
        if (!failed && ++many.count == many.room)
            failed = flush_lookups(&many, list);
    }
    Py_DECREF(iterator);
    if (!failed && !PyErr_Occurred() && many.count)
        failed = flush_lookups(&many, list);
    finish(&many);
    if (failed || PyErr_Occurred())
        Py_CLEAR(list);
    return list;
}
