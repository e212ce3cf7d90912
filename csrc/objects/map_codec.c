/* Keys and values: Python's ints and bytes to the kernel's bytes and back; all else by the codec's functions. */
#include <string.h>

#include "map.h"

static int range_error(void)
{
    PyErr_Clear(); /* the function says what is wrong */
    return 1;
}

/* 0 done, 1 the function has to, -1 failed */
static int encode_int(char form, PyObject *object, void *to)
{
    if (form >= 'a') {
        long long value = PyLong_AsLongLong(object);
        if (value == -1 && PyErr_Occurred())
            return range_error();
        switch (form) {
        case 'b': { int8_t v = value; if (v != value) return 1; memcpy(to, &v, sizeof v); return 0; }
        case 'h': { int16_t v = value; if (v != value) return 1; memcpy(to, &v, sizeof v); return 0; }
        case 'i': { int32_t v = value; if (v != value) return 1; memcpy(to, &v, sizeof v); return 0; }
        default: memcpy(to, &value, sizeof value); return 0;
        }
    }
    unsigned long long value = PyLong_AsUnsignedLongLong(object);
    if (value == (unsigned long long)-1 && PyErr_Occurred())
        return range_error();
    switch (form) {
    case 'B': { uint8_t v = value; if (v != value) return 1; memcpy(to, &v, sizeof v); return 0; }
    case 'H': { uint16_t v = value; if (v != value) return 1; memcpy(to, &v, sizeof v); return 0; }
    case 'I': { uint32_t v = value; if (v != value) return 1; memcpy(to, &v, sizeof v); return 0; }
    default: memcpy(to, &value, sizeof value); return 0;
    }
}

int tb_encode(const struct tb_part *part, PyObject *object, void *to)
{
    if (part->form == 's') {
        if (PyBytes_CheckExact(object) && PyBytes_Size(object) == (Py_ssize_t)part->size) {
            memcpy(to, PyBytes_AsString(object), part->size);
            return 0;
        }
    } else if (part->form && PyLong_Check(object)) {
        int done = encode_int(part->form, object, to);
        if (done <= 0)
            return done;
    }
    PyObject *made = PyObject_CallFunctionObjArgs(part->encode, object, NULL);
    char *bytes;
    Py_ssize_t size;
    if (!made)
        return -1;
    if (PyBytes_AsStringAndSize(made, &bytes, &size)) {
        Py_DECREF(made);
        return -1;
    }
    if (size != (Py_ssize_t)part->size) {
        PyErr_Format(PyExc_ValueError, "%zd bytes given, exactly %u needed", size, part->size);
        Py_DECREF(made);
        return -1;
    }
    memcpy(to, bytes, size);
    Py_DECREF(made);
    return 0;
}

PyObject *tb_decode(const struct tb_part *part, const void *from)
{
    switch (part->form) {
    case 'b': return PyLong_FromLong(*(const int8_t *)from);
    case 'B': return PyLong_FromLong(*(const uint8_t *)from);
    case 'h': { int16_t v; memcpy(&v, from, sizeof v); return PyLong_FromLong(v); }
    case 'H': { uint16_t v; memcpy(&v, from, sizeof v); return PyLong_FromLong(v); }
    case 'i': { int32_t v; memcpy(&v, from, sizeof v); return PyLong_FromLong(v); }
    case 'I': { uint32_t v; memcpy(&v, from, sizeof v); return PyLong_FromLongLong(v); }
    case 'q': { int64_t v; memcpy(&v, from, sizeof v); return PyLong_FromLongLong(v); }
    case 'Q': { uint64_t v; memcpy(&v, from, sizeof v); return PyLong_FromUnsignedLongLong(v); }
    }
    PyObject *raw = PyBytes_FromStringAndSize(from, part->size);
    if (!raw || part->decode == Py_None)
        return raw;
    PyObject *made = PyObject_CallFunctionObjArgs(part->decode, raw, NULL);
    Py_DECREF(raw);
    return made;
}

/* (form, size, encode, decode), which the part then holds; 0 or -1 with an exception. */
int tb_part_from(PyObject *given, struct tb_part *part)
{
    const char *form;
    unsigned int size;
    PyObject *encode, *decode;

    if (!PyArg_ParseTuple(given, "sIOO", &form, &size, &encode, &decode))
        return -1;
    Py_INCREF(encode);
    Py_INCREF(decode);
    part->encode = encode;
    part->decode = decode;
    part->form = form[0];
    part->size = size;
    return 0;
}

void tb_part_free(struct tb_part *part)
{
    Py_CLEAR(part->encode);
    Py_CLEAR(part->decode);
}
