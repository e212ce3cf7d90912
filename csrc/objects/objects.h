/* What module.c offers, one file for each family. */
#ifndef TINYBPF_OBJECTS_H
#define TINYBPF_OBJECTS_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

/* records.c */
PyObject *tb_records(PyObject *module, PyObject *arguments);
PyObject *tb_ring_records(PyObject *module, PyObject *arguments);

/* structs.c */
PyObject *tb_struct_maker(PyObject *module, PyObject *arguments);

#endif
