/*
 * Instances of the classes that types.py makes from BTF, out of a record's bytes. Such a class is a tuple
 * with names; its elements are what Python's `struct` reads. This reads the common ones of its codes.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "objects.h"

struct element {
    uint32_t offset;
    uint32_t size; /* of bytes */
    char code;
};

struct maker {
    PyObject *type, *slowly;
    allocfunc alloc;
    newfunc make; /* where instances cannot be put together here */
    Py_ssize_t size, count;
    struct element elements[];
};

static const char *const MAKER = "tinybpf.libbpf._objects.maker";

static void free_maker(PyObject *capsule)
{
    struct maker *maker = PyCapsule_GetPointer(capsule, MAKER);
    Py_XDECREF(maker->type);
    Py_XDECREF(maker->slowly);
    free(maker);
}

static unsigned size_of(char code)
{
    switch (code) {
    case 'b': case 'B': case '?':
        return 1;
    case 'h': case 'H':
        return 2;
    case 'i': case 'I': case 'f':
        return 4;
    case 'q': case 'Q': case 'd':
        return 8;
    default:
        return 0;
    }
}

/* Read the format; false where there is something in it that this does not know. */
static bool parse(struct maker *maker, const char *format)
{
    uint64_t at = 0;

    for (; *format; format++) {
        uint64_t number = 0;
        bool counted = false;
        for (; *format >= '0' && *format <= '9' && number < UINT32_MAX; format++, counted = true)
            number = 10 * number + (uint64_t)(*format - '0');
        number = counted ? number : 1;
        struct element element = {.offset = (uint32_t)at, .size = size_of(*format), .code = *format};
        if (*format == 'x') {
            at += number;
        } else if (*format == 's') {
            element.size = (uint32_t)number;
            maker->elements[maker->count++] = element;
            at += number;
        } else if (element.size && !counted) {
            maker->elements[maker->count++] = element;
            at += element.size;
        } else {
            return false;
        }
        if (at > INT32_MAX)
            return false;
    }
    maker->size = (Py_ssize_t)at;
    return true;
}

#define READ(type, from) \
    ({ \
        type value; \
        memcpy(&value, from, sizeof value); \
        value; \
    })

static PyObject *read_element(const char *from, const struct element *element)
{
    switch (element->code) {
    case 'b': return PyLong_FromLong(READ(int8_t, from));
    case 'B': return PyLong_FromLong(READ(uint8_t, from));
    case 'h': return PyLong_FromLong(READ(int16_t, from));
    case 'H': return PyLong_FromLong(READ(uint16_t, from));
    case 'i': return PyLong_FromLong(READ(int32_t, from));
    case 'I': return PyLong_FromUnsignedLong(READ(uint32_t, from));
    case 'q': return PyLong_FromLongLong(READ(int64_t, from));
    case 'Q': return PyLong_FromUnsignedLongLong(READ(uint64_t, from));
    case 'f': return PyFloat_FromDouble((double)READ(float, from));
    case 'd': return PyFloat_FromDouble(READ(double, from));
    case '?': return PyBool_FromLong(READ(uint8_t, from));
    default: return PyBytes_FromStringAndSize(from, element->size);
    }
}

static PyObject *filled(PyObject *tuple, const struct maker *maker, const char *data)
{
    for (Py_ssize_t i = 0; tuple && i < maker->count; i++) {
        const struct element *element = &maker->elements[i];
        PyObject *value = read_element(data + element->offset, element);
        if (!value || PyTuple_SetItem(tuple, i, value))
            Py_CLEAR(tuple);
    }
    return tuple;
}

static PyObject *make(PyObject *capsule, PyObject *record)
{
    const struct maker *maker = PyCapsule_GetPointer(capsule, MAKER);

    if (!maker)
        return NULL;
    if (!PyBytes_Check(record) || PyBytes_Size(record) != maker->size)
        return PyObject_CallFunctionObjArgs(maker->slowly, record, NULL);
    const char *data = PyBytes_AsString(record);
    if (!maker->make)
        return filled(maker->alloc((PyTypeObject *)maker->type, maker->count), maker, data);
    PyObject *plain = filled(PyTuple_New(maker->count), maker, data);
    PyObject *arguments = plain ? PyTuple_Pack(1, plain) : NULL;
    PyObject *made = arguments ? maker->make((PyTypeObject *)maker->type, arguments, NULL) : NULL;
    Py_XDECREF(plain);
    Py_XDECREF(arguments);
    return made;
}

static PyMethodDef method = {"make", make, METH_O, "An instance of the class from a record's bytes."};

/*
 * struct_maker(type, format, slowly, direct): a function of a record (bytes) that gives an instance, None
 * where the format, in this machine's byte order and without a sign for it, is beyond it. A record of
 * another size is handed to `slowly`. With `direct` instances are put together without tuple.__new__.
 */
PyObject *tb_struct_maker(PyObject *module, PyObject *arguments)
{
    PyObject *type, *slowly;
    const char *format;
    int direct;

    (void)module;
    if (!PyArg_ParseTuple(arguments, "O!sOp", &PyType_Type, &type, &format, &slowly, &direct))
        return NULL;
    if (!PyType_IsSubtype((PyTypeObject *)type, &PyTuple_Type)) {
        PyErr_SetString(PyExc_TypeError, "the class must be a kind of tuple");
        return NULL;
    }
    struct maker *maker = calloc(1, sizeof *maker + strlen(format) * sizeof maker->elements[0]);
    if (!maker)
        return PyErr_NoMemory();
    if (!parse(maker, format)) {
        free(maker);
        Py_RETURN_NONE;
    }
    maker->alloc = (allocfunc)PyType_GetSlot((PyTypeObject *)type, Py_tp_alloc);
    maker->make = direct ? NULL : (newfunc)PyType_GetSlot(&PyTuple_Type, Py_tp_new);
    PyObject *capsule = PyCapsule_New(maker, MAKER, free_maker);
    if (!capsule) {
        free(maker);
        return NULL;
    }
    Py_INCREF(type);
    Py_INCREF(slowly);
    maker->type = type;
    maker->slowly = slowly;
    PyObject *function = PyCFunction_New(&method, capsule);
    Py_DECREF(capsule);
    return function;
}
