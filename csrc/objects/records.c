/* A drained batch as bytes objects. */
#include <stdint.h>

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
