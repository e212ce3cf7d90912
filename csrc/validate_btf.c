/*
 * The validator's half for BTF and .BTF.ext. Type ids, names and sizes point inside; no chain of
 * typedefs and qualifiers runs in a circle, and no type contains itself: libbpf follows both.
 */
#include <stdlib.h>

#include "validate.h"

enum {
    HEADER_SIZE = 24,
    MAGIC = 0xeb9f,
    MOST_CHAIN = 64,   /* typedefs and qualifiers in a row */
    MOST_NESTING = 64, /* types within types; the kernel stops at 32 */
    MOST_DIGITS = 6,   /* of an index in a CO-RE access string */
};

enum kind {
    INT = 1, PTR, ARRAY, STRUCT, UNION, ENUM, FWD, TYPEDEF, VOLATILE, CONST,
    RESTRICT, FUNC, FUNC_PROTO, VAR, DATASEC, FLOAT, DECL_TAG, TYPE_TAG, ENUM64, KINDS,
};

/* Bytes of a type of each kind: always, and for each of its elements. */
static const uint8_t fixed_size[KINDS] = {
    [INT] = 16, [PTR] = 12, [ARRAY] = 24, [STRUCT] = 12, [UNION] = 12, [ENUM] = 12, [FWD] = 12,
    [TYPEDEF] = 12, [VOLATILE] = 12, [CONST] = 12, [RESTRICT] = 12, [FUNC] = 12, [FUNC_PROTO] = 12,
    [VAR] = 16, [DATASEC] = 12, [FLOAT] = 12, [DECL_TAG] = 16, [TYPE_TAG] = 12, [ENUM64] = 12,
};
static const uint8_t element_size[KINDS] = {
    [STRUCT] = 12, [UNION] = 12, [ENUM] = 8, [FUNC_PROTO] = 8, [DATASEC] = 12, [ENUM64] = 12,
};

struct btf {
    const struct view *view;
    uint32_t base, size; /* of the types, in the section */
    uint32_t string_base, string_size;
    uint32_t count, cap; /* ids; 0 is void */
    uint32_t *starts;
    uint8_t *depth; /* nesting found so far: 0 unknown, OPEN while on the way */
};

enum { OPEN = 255 };

static const uint8_t *type_at(const struct btf *btf, uint32_t id) { return btf->view->bytes + btf->starts[id]; }

static enum kind kind_of(const struct btf *btf, uint32_t id)
{
    return id ? (enum kind)(get32(type_at(btf, id) + 4) >> 24 & 0x7f) : 0;
}

static uint32_t elements_of(const uint8_t *type) { return get32(type + 4) & 0xffffff; }

static bool check_header(struct btf *btf)
{
    const struct view *view = btf->view;
    const uint8_t *p = view->bytes;

    if (view->size < HEADER_SIZE || view->size > UINT32_MAX)
        return tb_refuse(view, 0, "%#llx bytes are no BTF", (unsigned long long)view->size);
    if (get16(p) != MAGIC || p[2] != 1)
        return tb_refuse(view, 0, "magic number %#x, version %u are not BTF's of this machine", get16(p), p[2]);
    uint32_t header = get32(p + 4), type_off = get32(p + 8), type_len = get32(p + 12);
    uint32_t str_off = get32(p + 16), str_len = get32(p + 20);
    if (header < HEADER_SIZE || header > view->size || header % 4)
        return tb_refuse(view, 4, "the header has %#x bytes", header);
    uint64_t rest = view->size - header;
    if (type_off % 4 || type_len % 4 || !inside(type_off, type_len, rest))
        return tb_refuse(view, 8, "types of %#x bytes at %#x do not fit %#llx", type_len, type_off,
                         (unsigned long long)rest);
    if (!inside(str_off, str_len, rest) || (uint64_t)type_off + type_len > str_off)
        return tb_refuse(view, 16, "strings of %#x bytes at %#x do not fit behind the types in %#llx", str_len,
                         str_off, (unsigned long long)rest);
    btf->base = header + type_off;
    btf->size = type_len;
    btf->string_base = header + str_off;
    btf->string_size = str_len;
    if (!str_len || p[btf->string_base] || p[btf->string_base + str_len - 1])
        return tb_refuse(view, btf->string_base, "the strings do not begin and end with a NUL");
    return true;
}

static bool remember(struct btf *btf, uint32_t at)
{
    if (btf->count == btf->cap) {
        uint32_t cap = btf->cap ? btf->cap * 2 : 256;
        uint32_t *starts = realloc(btf->starts, cap * sizeof *starts);
        if (!starts)
            return tb_refuse(btf->view, at, "out of memory");
        btf->starts = starts;
        btf->cap = cap;
    }
    btf->starts[btf->count++] = at;
    return true;
}

/* Where each type starts; whether the last ends with the section of types. */
static bool find_types(struct btf *btf)
{
    uint32_t at = btf->base, end = btf->base + btf->size;

    if (!remember(btf, 0))
        return false;
    while (at < end) {
        if (end - at < 12)
            return tb_refuse(btf->view, at, "type %u is cut off", btf->count);
        const uint8_t *type = btf->view->bytes + at;
        uint32_t kind = get32(type + 4) >> 24 & 0x7f;
        if (kind >= KINDS || !fixed_size[kind])
            return tb_refuse(btf->view, at, "type %u is of kind %u, which is unknown", btf->count, kind);
        uint64_t size = fixed_size[kind] + (uint64_t)element_size[kind] * elements_of(type);
        if (size > end - at)
            return tb_refuse(btf->view, at, "type %u goes beyond the end of the types", btf->count);
        if (!remember(btf, at))
            return false;
        at += (uint32_t)size;
    }
    return true;
}

static bool check_name(const struct btf *btf, uint32_t id, uint32_t offset)
{
    if (offset < btf->string_size)
        return true;
    return tb_refuse(btf->view, btf->starts[id], "type %u has a name at %#x of %#x", id, offset, btf->string_size);
}

static bool check_id(const struct btf *btf, uint32_t id, uint32_t other)
{
    if (other < btf->count)
        return true;
    return tb_refuse(btf->view, btf->starts[id], "type %u refers to type %u, but there are %u", id, other,
                     btf->count);
}

/* A type that values can have: variables, sections, functions and tags are not among them. */
static bool check_value(const struct btf *btf, uint32_t id, uint32_t other)
{
    if (!check_id(btf, id, other))
        return false;
    enum kind kind = kind_of(btf, other);
    if (kind != VAR && kind != DATASEC && kind != FUNC && kind != DECL_TAG)
        return true;
    return tb_refuse(btf->view, btf->starts[id], "type %u uses type %u, which is no type of a value", id, other);
}

static bool refers(enum kind kind)
{
    switch (kind) {
    case PTR: case TYPEDEF: case VOLATILE: case CONST: case RESTRICT: case FUNC: case FUNC_PROTO:
    case VAR: case DECL_TAG: case TYPE_TAG:
        return true;
    default:
        return false;
    }
}

static bool is_modifier(enum kind kind)
{
    return kind == TYPEDEF || kind == VOLATILE || kind == CONST || kind == RESTRICT || kind == TYPE_TAG;
}

static bool check_elements(const struct btf *btf, uint32_t id)
{
    const uint8_t *type = type_at(btf, id);
    enum kind kind = kind_of(btf, id);
    const uint8_t *element = type + fixed_size[kind];

    for (uint32_t i = 0; i < elements_of(type); i++, element += element_size[kind]) {
        uint32_t first = get32(element), second = get32(element + 4);
        if (kind != DATASEC && !check_name(btf, id, first))
            return false;
        if ((kind == STRUCT || kind == UNION || kind == FUNC_PROTO) && !check_value(btf, id, second))
            return false;
        if (kind != DATASEC)
            continue;
        if (!check_id(btf, id, first))
            return false;
        if (kind_of(btf, first) != VAR && kind_of(btf, first) != FUNC)
            return tb_refuse(btf->view, btf->starts[id], "type %u lists type %u, which is no variable", id, first);
    }
    return true;
}

static bool check_type(const struct btf *btf, uint32_t id)
{
    const uint8_t *type = type_at(btf, id);
    enum kind kind = kind_of(btf, id);

    if (!check_name(btf, id, get32(type)))
        return false;
    if (kind == DECL_TAG ? !check_id(btf, id, get32(type + 8)) : refers(kind) && !check_value(btf, id, get32(type + 8)))
        return false;
    if (kind == ARRAY && (!check_value(btf, id, get32(type + 12)) || !check_value(btf, id, get32(type + 16))))
        return false;
    if (kind == FUNC && kind_of(btf, get32(type + 8)) != FUNC_PROTO)
        return tb_refuse(btf->view, btf->starts[id], "type %u is a function without a prototype", id);
    if (kind == INT && (get32(type + 8) == 0 || get32(type + 8) > 16))
        return tb_refuse(btf->view, btf->starts[id], "type %u is an integer of %u bytes", id, get32(type + 8));
    return !element_size[kind] || check_elements(btf, id);
}

static bool check_chain(const struct btf *btf, uint32_t id)
{
    uint32_t current = id;
    for (int steps = 0; is_modifier(kind_of(btf, current)); steps++) {
        if (steps == MOST_CHAIN)
            return tb_refuse(btf->view, btf->starts[id], "type %u runs in a circle of typedefs and qualifiers", id);
        current = get32(type_at(btf, current) + 8);
    }
    return true;
}

/* How deep values of the type nest; 0 and a reason where that has no end. Recursion is bounded. */
static uint8_t nesting(const struct btf *btf, uint32_t id, unsigned level)
{
    while (is_modifier(kind_of(btf, id)) || kind_of(btf, id) == VAR)
        id = get32(type_at(btf, id) + 8);
    enum kind kind = kind_of(btf, id);
    if (kind != ARRAY && kind != STRUCT && kind != UNION)
        return 1;
    if (btf->depth[id] && btf->depth[id] != OPEN)
        return btf->depth[id];
    if (btf->depth[id] == OPEN || level == MOST_NESTING) {
        tb_refuse(btf->view, btf->starts[id], "type %u contains itself, or types nested too deep", id);
        return 0;
    }
    btf->depth[id] = OPEN;
    const uint8_t *type = type_at(btf, id);
    uint32_t members = kind == ARRAY ? 1 : elements_of(type);
    uint8_t deepest = 0;
    for (uint32_t i = 0; i < members; i++) {
        uint32_t inner = kind == ARRAY ? get32(type + 12) : get32(type + 12 + i * 12 + 4);
        uint8_t depth = nesting(btf, inner, level + 1);
        if (!depth)
            return 0;
        deepest = depth > deepest ? depth : deepest;
    }
    if (deepest >= MOST_NESTING) {
        tb_refuse(btf->view, btf->starts[id], "type %u has types nested too deep", id);
        return 0;
    }
    return btf->depth[id] = (uint8_t)(deepest + 1);
}

static bool check_all(struct btf *btf)
{
    if (!check_header(btf) || !find_types(btf))
        return false;
    for (uint32_t id = 1; id < btf->count; id++)
        if (!check_type(btf, id))
            return false;
    for (uint32_t id = 1; id < btf->count; id++)
        if (!check_chain(btf, id))
            return false;
    btf->depth = calloc(btf->count, 1);
    if (!btf->depth)
        return tb_refuse(btf->view, 0, "out of memory");
    for (uint32_t id = 1; id < btf->count; id++)
        if (!nesting(btf, id, 0))
            return false;
    return true;
}

bool tb_check_btf(const struct view *view, struct btf_facts *facts)
{
    struct btf btf = {.view = view};
    bool good = check_all(&btf);

    *facts = (struct btf_facts){view->bytes + btf.string_base, btf.string_size, btf.count};
    free(btf.starts);
    free(btf.depth);
    return good;
}

enum info { FUNC_INFO, LINE_INFO, CORE_RELO };
static const uint32_t least_record[] = {[FUNC_INFO] = 8, [LINE_INFO] = 16, [CORE_RELO] = 16};

/* "0:1:2": libbpf reads signed numbers and checks only their upper bound. */
static bool check_access(const char *access)
{
    int digits = 0;
    for (; *access; access++) {
        digits = *access == ':' ? 0 : digits + 1;
        if ((*access != ':' && (*access < '0' || *access > '9')) || digits > MOST_DIGITS)
            return false;
    }
    return true;
}

static bool check_record(const struct view *ext, const struct btf_facts *facts, uint64_t at, enum info info)
{
    const uint8_t *record = ext->bytes + at;

    if (get32(record) % 8)
        return tb_refuse(ext, at, "a record is for offset %#x, which is within an instruction", get32(record));
    if (info != LINE_INFO && get32(record + 4) >= facts->types)
        return tb_refuse(ext, at, "a record refers to type %u of %u", get32(record + 4), facts->types);
    if (info == LINE_INFO && (get32(record + 4) >= facts->string_size || get32(record + 8) >= facts->string_size))
        return tb_refuse(ext, at, "a line's file or text is beyond the strings");
    if (info != CORE_RELO)
        return true;
    if (get32(record + 8) >= facts->string_size)
        return tb_refuse(ext, at, "a relocation's access string is beyond the strings");
    if (!check_access((const char *)facts->strings + get32(record + 8)))
        return tb_refuse(ext, at, "a relocation's access string is no list of indices");
    return true;
}

/* One of the three tables: a record size, then for each section its name, a count, and records. */
static bool check_table(const struct view *ext, const struct btf_facts *facts, uint64_t at, uint64_t length,
                        enum info info)
{
    uint64_t end = at + length;

    if (!length)
        return true;
    if (length < 4)
        return tb_refuse(ext, at, "a table of %#llx bytes has no record size", (unsigned long long)length);
    uint32_t size = get32(ext->bytes + at);
    if (size < least_record[info] || size % 4 || size > 4096)
        return tb_refuse(ext, at, "records have %u bytes", size);
    for (at += 4; at < end;) {
        if (end - at < 8)
            return tb_refuse(ext, at, "a table is cut off");
        uint32_t name = get32(ext->bytes + at), count = get32(ext->bytes + at + 4);
        if (name >= facts->string_size)
            return tb_refuse(ext, at, "a section's name is beyond the strings");
        at += 8;
        if (!count || (uint64_t)count * size > end - at)
            return tb_refuse(ext, at, "%u records of %u bytes do not fit", count, size);
        for (; count; count--, at += size)
            if (!check_record(ext, facts, at, info))
                return false;
    }
    return true;
}

bool tb_check_btf_ext(const struct view *ext, const struct btf_facts *facts)
{
    const uint8_t *p = ext->bytes;

    if (ext->size < HEADER_SIZE)
        return tb_refuse(ext, 0, "%#llx bytes are too short for its header", (unsigned long long)ext->size);
    if (get16(p) != MAGIC || p[2] != 1)
        return tb_refuse(ext, 0, "magic number %#x, version %u are not BTF's of this machine", get16(p), p[2]);
    uint32_t header = get32(p + 4);
    if (header < HEADER_SIZE || header > ext->size || header % 4)
        return tb_refuse(ext, 4, "the header has %#x bytes", header);
    unsigned tables = header >= 32 ? 3 : 2; /* CO-RE came later */
    for (unsigned info = 0; info < tables; info++) {
        uint32_t offset = get32(p + 8 + info * 8), length = get32(p + 12 + info * 8);
        if (offset % 4 || !inside(offset, length, ext->size - header))
            return tb_refuse(ext, 8 + info * 8, "a table has %#x bytes at %#x", length, offset);
        if (!check_table(ext, facts, (uint64_t)header + offset, length, (enum info)info))
            return false;
    }
    return true;
}
