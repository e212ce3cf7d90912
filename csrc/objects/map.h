/* Maps: what the files map*.c share. */
#ifndef TINYBPF_OBJECTS_MAP_H
#define TINYBPF_OBJECTS_MAP_H

#include <stdbool.h>
#include <stdint.h>

#include "objects.h"

#define TB_ENOTSUPP 524 /* the kernel's own, in no header of libc */
#define TB_LOCK 4       /* BPF_F_LOCK */

/* bpf()'s commands, as the kernel numbers them: headers on older systems lack some. */
enum {
    MAP_LOOKUP = 1,
    MAP_UPDATE = 2,
    MAP_DELETE = 3,
    MAP_NEXT_KEY = 4,
    MAP_TAKE = 21, /* look up and delete */
    MAP_LOOKUP_BATCH = 24,
    MAP_TAKE_BATCH = 25,
    MAP_UPDATE_BATCH = 26,
    MAP_DELETE_BATCH = 27,
};

struct tb_element { /* bpf()'s attributes for one entry */
    uint32_t map_fd;
    uint32_t unused;
    uint64_t key;
    uint64_t value; /* or the next key */
    uint64_t flags;
};

struct tb_batch { /* … and for many */
    uint64_t in;
    uint64_t out;
    uint64_t keys;
    uint64_t values;
    uint32_t count;
    uint32_t map_fd;
    uint64_t element_flags;
    uint64_t flags;
};

struct tb_descriptor { /* MapDescriptor: what all views of a map share */
    PyObject_HEAD
    int fd; /* -1 once closed */
};

struct tb_part { /* how keys, or values, become bytes and come from them */
    char form;       /* a code of Python's struct for an integer, 's' for bytes, 0: only the functions know */
    uint32_t size;   /* bytes that the kernel reads or writes */
    PyObject *encode;
    PyObject *decode;
};

struct tb_access { /* MapAccess */
    PyObject_HEAD
    struct tb_descriptor *core;
    struct tb_part key;
    struct tb_part value;
    bool bound;
    bool slow; /* the kernel may wait, or copies much: without the interpreter's lock */
};

/* map_codec.c */
int tb_part_from(PyObject *given, struct tb_part *part);
void tb_part_free(struct tb_part *part);
int tb_encode(const struct tb_part *part, PyObject *object, void *to);
PyObject *tb_decode(const struct tb_part *part, const void *from);

/* map_descriptor.c */
extern PyTypeObject *tb_descriptor_type;
extern PyType_Spec tb_descriptor_spec;

long tb_bpf(int command, void *attributes, size_t size); /* 0 or a negative errno */
PyObject *tb_fail(struct tb_access *self, const char *verb, long result, Py_ssize_t done);
int tb_own_fd(struct tb_access *self, const char *verb); /* a descriptor that close() does not close */

/* map.c */
extern PyTypeObject *tb_access_type;
extern PyType_Spec tb_access_spec;

int tb_bind(struct tb_access *self); /* codecs are chosen; 0 or -1 with an exception */

/* map_entries.c */
extern PyType_Spec tb_entries_spec;

/* map_many.c */
PyObject *tb_update_many(PyObject *self, PyObject *arguments);
PyObject *tb_delete_many(PyObject *self, PyObject *arguments);
PyObject *tb_lookup_many(PyObject *self, PyObject *keys);

#endif
