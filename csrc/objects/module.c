/*
 * tinybpf.libbpf._objects: many Python objects per call, and calls too short for cffi. It knows no libbpf;
 * what it reads and writes it is given as addresses and descriptors. CPython's stable ABI of 3.10.
 */
#include "map.h"
#include "objects.h"

static PyMethodDef methods[] = {
    {"records", tb_records, METH_VARARGS, NULL},
    {"ring_records", tb_ring_records, METH_VARARGS, NULL},
    {"struct_maker", tb_struct_maker, METH_VARARGS, NULL},
    {NULL, NULL, 0, NULL},
};

/* A type of this module; kept as well where C checks for it. */
static int add_type(PyObject *module, PyType_Spec *spec, PyTypeObject **keep)
{
    PyObject *type = PyType_FromModuleAndSpec(module, spec, NULL);
    if (!type || PyModule_AddType(module, (PyTypeObject *)type)) {
        Py_XDECREF(type);
        return -1;
    }
    if (keep)
        *keep = (PyTypeObject *)type; /* with its reference: the module lasts as long as the process */
    else
        Py_DECREF(type);
    return 0;
}

static int add_types(PyObject *module)
{
    if (add_type(module, &tb_descriptor_spec, &tb_descriptor_type) ||
        add_type(module, &tb_access_spec, &tb_access_type))
        return -1;
    return add_type(module, &tb_entries_spec, NULL);
}

static PyModuleDef_Slot slots[] = {
    {Py_mod_exec, (void *)add_types},
    {0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "_objects",
    .m_size = 0,
    .m_methods = methods,
    .m_slots = slots,
};

__attribute__((visibility("default"))) PyObject *PyInit__objects(void) { return PyModuleDef_Init(&definition); }
