/*
 * MapAccess: one entry of a map at a time, by bpf() itself.
 *
 * An entry takes the kernel well below a microsecond: the interpreter's lock is kept meanwhile, so that no
 * other thread closes the descriptor, and none has to be waited for afterwards. Where the kernel may
 * wait, or copies much, the lock is released and the descriptor is a duplicate.
 */
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "map.h"
#include "structmember.h"

#define SMALL 512         /* keys and values up to here are on the stack */
#define MUCH (64 << 10)

PyTypeObject *tb_access_type;

/* One call for one entry: 0, a negative errno, or RAISED with an exception. */
#define RAISED (-100000)

static long call(struct tb_access *self, int command, const void *key, void *value, uint64_t flags)
{
    struct tb_element attributes = {
        .map_fd = (uint32_t)self->core->fd,
        .key = self->key.size ? (uint64_t)(uintptr_t)key : 0, /* queues have none */
        .value = (uint64_t)(uintptr_t)value,
        .flags = flags,
    };
    if (!self->slow)
        return tb_bpf(command, &attributes, sizeof attributes);
    int fd = tb_own_fd(self, "use");
    if (fd < 0)
        return RAISED;
    attributes.map_fd = (uint32_t)fd;
    long result;
    Py_BEGIN_ALLOW_THREADS
    result = tb_bpf(command, &attributes, sizeof attributes);
    close(fd);
    Py_END_ALLOW_THREADS
    return result;
}

int tb_bind(struct tb_access *self)
{
    if (self->bound)
        return 0;
    if (!self->core) {
        PyErr_SetString(PyExc_RuntimeError, "the map was never made: its __init__ did not run");
        return -1;
    }
    PyObject *none = PyObject_CallMethod((PyObject *)self, "_choose_codecs", NULL);
    if (!none)
        return -1;
    Py_DECREF(none);
    if (!self->bound)
        PyErr_SetString(PyExc_RuntimeError, "no codecs were chosen");
    return self->bound ? 0 : -1;
}

struct room { /* bytes for a key or a value */
    char small[SMALL];
    char *at;
};

static int room_for(struct room *room, uint32_t size)
{
    room->at = size <= SMALL ? room->small : PyMem_Malloc(size);
    if (!room->at)
        PyErr_NoMemory();
    return room->at ? 0 : -1;
}

static void room_free(struct room *room)
{
    if (room->at != room->small)
        PyMem_Free(room->at);
}

/* The value for a key: 1 and a new reference, 0 where there is none, or -1 with an exception. `value` may be
 * NULL where only the answer matters. */
static int find(struct tb_access *self, int command, PyObject *key, uint64_t flags, PyObject **value)
{
    struct room raw_key, raw_value;
    int found = -1;

    if (tb_bind(self) || room_for(&raw_key, self->key.size))
        return -1;
    if (room_for(&raw_value, self->value.size))
        goto key_only;
    if (tb_encode(&self->key, key, raw_key.at))
        goto both;
    long result = call(self, command, raw_key.at, raw_value.at, flags);
    if (!result) {
        found = 1;
        if (value && !(*value = tb_decode(&self->value, raw_value.at)))
            found = -1;
    } else if (result == -ENOENT) {
        found = 0;
    } else if (result != RAISED) {
        tb_fail(self, command == MAP_TAKE ? "take from" : "look up in", result, -1);
    }
both:
    room_free(&raw_value);
key_only:
    room_free(&raw_key);
    return found;
}

static int put(struct tb_access *self, PyObject *key, PyObject *value, uint64_t flags)
{
    struct room raw_key, raw_value;
    int done = -1;

    if (tb_bind(self) || room_for(&raw_key, self->key.size))
        return -1;
    if (room_for(&raw_value, self->value.size))
        goto key_only;
    if (tb_encode(&self->key, key, raw_key.at) || tb_encode(&self->value, value, raw_value.at))
        goto both;
    long result = call(self, MAP_UPDATE, raw_key.at, raw_value.at, flags);
    if (!result)
        done = 0;
    else if (result != RAISED)
        tb_fail(self, "update", result, -1);
both:
    room_free(&raw_value);
key_only:
    room_free(&raw_key);
    return done;
}

/* 1 deleted, 0 was not there, -1 with an exception */
static int drop(struct tb_access *self, PyObject *key)
{
    struct room raw_key;
    int found = -1;

    if (tb_bind(self) || room_for(&raw_key, self->key.size))
        return -1;
    if (!tb_encode(&self->key, key, raw_key.at)) {
        long result = call(self, MAP_DELETE, raw_key.at, NULL, 0);
        if (!result)
            found = 1;
        else if (result == -ENOENT)
            found = 0;
        else if (result != RAISED)
            tb_fail(self, "delete from", result, -1);
    }
    room_free(&raw_key);
    return found;
}

/* What Python sees */

/* Arguments by position or name into `into`; 0, or -1 with a TypeError. */
static int take(const char *function, const char *const *names, int least, int most, PyObject *const *given,
                Py_ssize_t count, PyObject *keywords, PyObject **into)
{
    if (count > most) {
        PyErr_Format(PyExc_TypeError, "%s() takes up to %d arguments, %zd given", function, most, count);
        return -1;
    }
    for (int i = 0; i < most; i++)
        into[i] = i < count ? given[i] : NULL;
    Py_ssize_t named = keywords ? PyTuple_Size(keywords) : 0;
    for (Py_ssize_t i = 0; i < named; i++) {
        PyObject *name = PyTuple_GetItem(keywords, i);
        int at = 0;
        while (at < most && PyUnicode_CompareWithASCIIString(name, names[at]))
            at++;
        if (at == most || into[at]) {
            PyErr_Format(PyExc_TypeError, "%s() got an unexpected or repeated argument '%U'", function, name);
            return -1;
        }
        into[at] = given[count + i];
    }
    for (int i = 0; i < least; i++) {
        if (!into[i]) {
            PyErr_Format(PyExc_TypeError, "%s() lacks its argument '%s'", function, names[i]);
            return -1;
        }
    }
    return 0;
}

static int flags_of(PyObject *given, uint64_t *flags)
{
    *flags = 0;
    if (!given)
        return 0;
    *flags = PyLong_AsUnsignedLongLong(given);
    if (!PyErr_Occurred())
        return 0;
    if (PyErr_ExceptionMatches(PyExc_OverflowError)) {
        PyErr_Format(PyExc_ValueError, "flags must be from 0 to 18446744073709551615, not %S", given);
    } else if (PyErr_ExceptionMatches(PyExc_TypeError)) {
        PyObject *name = PyObject_GetAttrString((PyObject *)Py_TYPE(given), "__name__");
        if (name)
            PyErr_Format(PyExc_TypeError, "flags must be an integer, not %U", name);
        Py_XDECREF(name);
    }
    return -1;
}

static const char *const entry_names[] = {"key", "value", "flags"};
static const char *const lookup_names[] = {"key", "flags"};
static const char *const get_names[] = {"key", "default"};

static PyObject *found_or(int found, PyObject *value, PyObject *otherwise)
{
    if (found < 0)
        return NULL;
    if (found)
        return value;
    Py_INCREF(otherwise);
    return otherwise;
}

static PyObject *access_lookup(PyObject *self, PyObject *const *given, Py_ssize_t count, PyObject *keywords)
{
    PyObject *arguments[2], *value = NULL;
    uint64_t flags;

    if (take("lookup", lookup_names, 1, 2, given, count, keywords, arguments) || flags_of(arguments[1], &flags))
        return NULL;
    int found = find((struct tb_access *)self, MAP_LOOKUP, arguments[0], flags, &value);
    return found_or(found, value, Py_None);
}

static PyObject *access_get(PyObject *self, PyObject *const *given, Py_ssize_t count, PyObject *keywords)
{
    PyObject *arguments[2], *value = NULL;

    if (take("get", get_names, 1, 2, given, count, keywords, arguments))
        return NULL;
    int found = find((struct tb_access *)self, MAP_LOOKUP, arguments[0], 0, &value);
    return found_or(found, value, arguments[1] ? arguments[1] : Py_None);
}

static PyObject *access_take(PyObject *self, PyObject *key)
{
    PyObject *value = NULL;
    int found = find((struct tb_access *)self, MAP_TAKE, key, 0, &value);
    return found_or(found, value, Py_NotImplemented);
}

static PyObject *access_update(PyObject *self, PyObject *const *given, Py_ssize_t count, PyObject *keywords)
{
    PyObject *arguments[3];
    uint64_t flags;

    if (take("update", entry_names, 1, 3, given, count, keywords, arguments) || flags_of(arguments[2], &flags))
        return NULL;
    if (!arguments[1]) { /* a mapping, or pairs, as a dictionary's update() takes */
        PyObject *pair = Py_BuildValue("(OK)", arguments[0], (unsigned long long)flags);
        PyObject *done = pair ? tb_update_many(self, pair) : NULL;
        Py_XDECREF(pair);
        Py_XDECREF(done);
        if (!done)
            return NULL;
    } else if (put((struct tb_access *)self, arguments[0], arguments[1], flags)) {
        return NULL;
    }
    Py_RETURN_NONE;
}

static PyObject *access_delete(PyObject *self, PyObject *const *given, Py_ssize_t count, PyObject *keywords)
{
    PyObject *key;

    if (take("delete", entry_names, 1, 1, given, count, keywords, &key))
        return NULL;
    int found = drop((struct tb_access *)self, key);
    return found < 0 ? NULL : PyBool_FromLong(found);
}

static void key_error(PyObject *key)
{
    PyObject *arguments = PyTuple_Pack(1, key); /* a key that is a tuple is one argument, too */
    if (arguments)
        PyErr_SetObject(PyExc_KeyError, arguments);
    Py_XDECREF(arguments);
}

static PyObject *access_subscript(PyObject *self, PyObject *key)
{
    PyObject *value = NULL;
    int found = find((struct tb_access *)self, MAP_LOOKUP, key, 0, &value);
    if (!found)
        key_error(key);
    return found > 0 ? value : NULL;
}

static int access_assign(PyObject *self, PyObject *key, PyObject *value)
{
    if (value)
        return put((struct tb_access *)self, key, value, 0);
    int found = drop((struct tb_access *)self, key);
    if (!found)
        key_error(key);
    return found > 0 ? 0 : -1;
}

static int access_contains(PyObject *self, PyObject *key)
{
    return find((struct tb_access *)self, MAP_LOOKUP, key, 0, NULL);
}

/* _bind(key, value, slow): each as tb_part_from() takes it */
static PyObject *access_bind(PyObject *object, PyObject *arguments)
{
    struct tb_access *self = (struct tb_access *)object;
    PyObject *key, *value;
    int slow;

    if (!PyArg_ParseTuple(arguments, "O!O!p", &PyTuple_Type, &key, &PyTuple_Type, &value, &slow))
        return NULL;
    if (self->bound) /* another thread was faster; buffers of running calls have its sizes */
        Py_RETURN_NONE;
    tb_part_free(&self->key);
    tb_part_free(&self->value);
    if (tb_part_from(key, &self->key) || tb_part_from(value, &self->value))
        return NULL;
    self->slow = slow || self->value.size > MUCH;
    self->bound = true;
    Py_RETURN_NONE;
}

static int access_init(PyObject *object, PyObject *arguments, PyObject *keywords)
{
    struct tb_access *self = (struct tb_access *)object;
    PyObject *core;

    if (keywords && PyDict_Size(keywords)) {
        PyErr_SetString(PyExc_TypeError, "MapAccess() takes no keyword arguments");
        return -1;
    }
    if (!PyArg_ParseTuple(arguments, "O!", tb_descriptor_type, &core))
        return -1;
    if (self->core) {
        PyErr_SetString(PyExc_RuntimeError, "the map is made already");
        return -1;
    }
    Py_INCREF(core);
    self->core = (struct tb_descriptor *)core;
    return 0;
}

static int access_traverse(PyObject *object, visitproc visit, void *arg)
{
    struct tb_access *self = (struct tb_access *)object;
    Py_VISIT(Py_TYPE(object));
    Py_VISIT((PyObject *)self->core);
    Py_VISIT(self->key.encode);
    Py_VISIT(self->key.decode);
    Py_VISIT(self->value.encode);
    Py_VISIT(self->value.decode);
    return 0;
}

static int access_clear(PyObject *object)
{
    struct tb_access *self = (struct tb_access *)object;
    self->bound = false;
    Py_CLEAR(self->core);
    tb_part_free(&self->key);
    tb_part_free(&self->value);
    return 0;
}

static void access_dealloc(PyObject *object)
{
    PyTypeObject *type = Py_TYPE(object);
    freefunc release = (freefunc)PyType_GetSlot(type, Py_tp_free);
    PyObject_GC_UnTrack(object);
    access_clear(object);
    release(object);
    Py_DECREF(type);
}

/* MapAccess[K, V], which type checkers know as generic, is the class. */
static PyObject *access_generic(PyObject *type, PyObject *parameters)
{
    (void)parameters;
    Py_INCREF(type);
    return type;
}

static PyMemberDef access_members[] = {
    {"_core", T_OBJECT_EX, offsetof(struct tb_access, core), READONLY, NULL},
    {NULL, 0, 0, 0, NULL},
};

static PyMethodDef access_methods[] = {
    {"lookup", (PyCFunction)(void (*)(void))access_lookup, METH_FASTCALL | METH_KEYWORDS,
     "lookup($self, key, flags=0)\n--\n\nThe value for the key, or None. ``flags``: 0, or `BPF_F_LOCK` (Linux 5.1) to take\n"
     "the spin lock that the value holds."},
    {"get", (PyCFunction)(void (*)(void))access_get, METH_FASTCALL | METH_KEYWORDS,
     "get($self, key, default=None)\n--\n\nThe value for the key, or the default."},
    {"update", (PyCFunction)(void (*)(void))access_update, METH_FASTCALL | METH_KEYWORDS,
     "update($self, key, value=None, flags=0)\n--\n\nSet an entry; ``flags``: `BPF_ANY`, `BPF_NOEXIST` (create only),\n"
     "`BPF_EXIST` (replace only), and `BPF_F_LOCK`. ``update(mapping)`` sets many, as `update_many` does."},
    {"delete", (PyCFunction)(void (*)(void))access_delete, METH_FASTCALL | METH_KEYWORDS,
     "delete($self, key)\n--\n\nRemove an entry; False where there was none. An array's entries cannot be removed."},
    {"__class_getitem__", access_generic, METH_O | METH_CLASS, NULL},
    {"_take", access_take, METH_O, NULL},
    {"_bind", access_bind, METH_VARARGS, NULL},
    {"_update_many", tb_update_many, METH_VARARGS, NULL},
    {"_delete_many", tb_delete_many, METH_VARARGS, NULL},
    {"_lookup_many", tb_lookup_many, METH_O, NULL},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot access_slots[] = {
    {Py_tp_init, access_init},
    {Py_tp_dealloc, access_dealloc},
    {Py_tp_traverse, access_traverse},
    {Py_tp_clear, access_clear},
    {Py_tp_members, access_members},
    {Py_tp_methods, access_methods},
    {Py_mp_subscript, access_subscript},
    {Py_mp_ass_subscript, access_assign},
    {Py_sq_contains, access_contains},
    {0, NULL},
};

PyType_Spec tb_access_spec = {
    .name = "tinybpf.libbpf._objects.MapAccess",
    .basicsize = sizeof(struct tb_access),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC,
    .slots = access_slots,
};
