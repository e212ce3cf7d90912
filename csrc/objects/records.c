/* Records of ring buffers and perf event arrays as bytes objects. */
#include <stdint.h>

#include "../ringmap.h"
#include "objects.h"

struct record { /* native.h's tb_record */
    uint32_t offset;
    uint32_t size;
};

/* records(data, records, count): a list of bytes, of a batch's two addresses and its length. */
PyObject *tb_records(PyObject *module, PyObject *arguments)
{
    unsigned long long data, at;
    Py_ssize_t count;

    (void)module;
    if (!PyArg_ParseTuple(arguments, "KKn", &data, &at, &count))
        return NULL;
    const struct record *records = (const struct record *)(uintptr_t)at;
    PyObject *list = PyList_New(count);
    if (!list)
        return NULL;
    for (Py_ssize_t i = 0; i < count; i++) {
        const char *from = (const char *)(uintptr_t)data + records[i].offset;
        PyObject *made = PyBytes_FromStringAndSize(from, records[i].size);
        if (!made || PyList_SetItem(list, i, made)) {
            Py_DECREF(list);
            return NULL;
        }
    }
    return list;
}

/* How many records there are, up to `most`; or -EBADMSG. */
static Py_ssize_t count_records(struct tb_walk walk, Py_ssize_t most)
{
    Py_ssize_t count = 0;
    int found = 1;

    while (count < most && (found = tb_walk_next(&walk)) > 0)
        count++;
    return found < 0 && !count ? found : count;
}

/*
 * ring_records(ring, most): up to `most` records of the ring buffer at an address, as bytes, or None
 * where its memory makes no sense. Where it fails the records are still there.
 */
PyObject *tb_ring_records(PyObject *module, PyObject *arguments)
{
    unsigned long long address;
    Py_ssize_t most;
    struct tb_walk walk;

    (void)module;
    if (!PyArg_ParseTuple(arguments, "Kn", &address, &most))
        return NULL;
    int err = tb_walk_begin(&walk, (const struct tb_ringmap *)(uintptr_t)address);
    Py_ssize_t count = err ? err : count_records(walk, most);
    if (count < 0)
        Py_RETURN_NONE;
    PyObject *list = PyList_New(count);
    if (!list)
        return NULL;
    for (Py_ssize_t i = 0; i < count; i++) {
        /* counted a moment ago; only a reader in another process could have changed it */
        uint32_t size = tb_walk_next(&walk) > 0 ? walk.size : 0;
        PyObject *made = PyBytes_FromStringAndSize((const char *)walk.record, size);
        if (!made || PyList_SetItem(list, i, made)) {
            Py_DECREF(list);
            return NULL;
        }
    }
    struct tb_walk rest = walk;
    if (!tb_walk_next(&rest))
        walk = rest; /* past what was discarded */
    tb_walk_end(&walk);
    return list;
}
