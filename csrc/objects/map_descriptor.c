/* MapDescriptor: what all views of a map share; bpf() itself, and the errors that come of it. */
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "map.h"
#include "structmember.h"

PyTypeObject *tb_descriptor_type;

long tb_bpf(int command, void *attributes, size_t size)
{
    return syscall(SYS_bpf, command, attributes, size) < 0 ? -errno : 0;
}

/* Raise what the core's fail() makes of it; `done` entries were written before, -1 where that says nothing. */
PyObject *tb_fail(struct tb_access *self, const char *verb, long result, Py_ssize_t done)
{
    PyObject *error = PyObject_CallMethod((PyObject *)self->core, "fail", "sln", verb, result, done);
    if (error) {
        PyErr_SetObject((PyObject *)Py_TYPE(error), error);
        Py_DECREF(error);
    }
    return NULL;
}

int tb_own_fd(struct tb_access *self, const char *verb)
{
    if (!self->core) { /* the garbage collector took it apart */
        PyErr_SetString(PyExc_RuntimeError, "the map is gone");
        return -1;
    }
    int fd = fcntl(self->core->fd, F_DUPFD_CLOEXEC, 0);
    if (fd < 0)
        tb_fail(self, verb, -errno, -1);
    return fd;
}

static int descriptor_init(PyObject *object, PyObject *arguments, PyObject *keywords)
{
    (void)keywords;
    return PyArg_ParseTuple(arguments, "i", &((struct tb_descriptor *)object)->fd) ? 0 : -1;
}

static PyObject *descriptor_new(PyTypeObject *type, PyObject *arguments, PyObject *keywords)
{
    (void)arguments;
    (void)keywords;
    allocfunc allocate = (allocfunc)PyType_GetSlot(type, Py_tp_alloc);
    PyObject *made = allocate(type, 0);
    if (made)
        ((struct tb_descriptor *)made)->fd = -1;
    return made;
}

static void descriptor_dealloc(PyObject *object)
{
    PyTypeObject *type = Py_TYPE(object);
    freefunc release = (freefunc)PyType_GetSlot(type, Py_tp_free);
    release(object);
    Py_DECREF(type);
}

static PyMemberDef descriptor_members[] = {
    {"fd", T_INT, offsetof(struct tb_descriptor, fd), 0, NULL},
    {NULL, 0, 0, 0, NULL},
};

static PyType_Slot descriptor_slots[] = {
    {Py_tp_new, descriptor_new},
    {Py_tp_init, descriptor_init},
    {Py_tp_dealloc, descriptor_dealloc},
    {Py_tp_members, descriptor_members},
    {0, NULL},
};

PyType_Spec tb_descriptor_spec = {
    .name = "tinybpf.libbpf._objects.MapDescriptor",
    .basicsize = sizeof(struct tb_descriptor),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE,
    .slots = descriptor_slots,
};
