/*
 * tinybpf.libbpf._objects: many Python objects per call, which cffi cannot make. It knows no libbpf; what
 * it reads and writes it is given as addresses. CPython's stable ABI of 3.10.
 */
#include "objects.h"

static PyMethodDef methods[] = {
    {"records", tb_records, METH_VARARGS, NULL},
    {"ring_records", tb_ring_records, METH_VARARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "_objects",
    .m_size = 0,
    .m_methods = methods,
};

__attribute__((visibility("default"))) PyObject *PyInit__objects(void) { return PyModuleDef_Init(&definition); }
