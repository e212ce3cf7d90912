/* Is this an object that libbpf can be trusted with? The two halves share this: : validate.c
 * knows ELF, validate_btf.c BTF. */
#ifndef TINYBPF_VALIDATE_H
#define TINYBPF_VALIDATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* The bytes of one section, and where a reason goes. */
struct view {
    const uint8_t *bytes;
    uint64_t size;
    const char *name; /* for messages */
    char *reason;
    size_t reason_size;
};

/* Reads need no alignment; the caller has checked the bounds. */
static inline uint16_t get16(const uint8_t *p)
{
    uint16_t v;
    memcpy(&v, p, sizeof v);
    return v;
}

static inline uint32_t get32(const uint8_t *p)
{
    uint32_t v;
    memcpy(&v, p, sizeof v);
    return v;
}

static inline uint64_t get64(const uint8_t *p)
{
    uint64_t v;
    memcpy(&v, p, sizeof v);
    return v;
}

/* Whether [offset, offset + length) lies in [0, size), whatever the numbers. */
static inline bool inside(uint64_t offset, uint64_t length, uint64_t size)
{
    return offset <= size && length <= size - offset;
}

/* Write "section 'x' at offset 0x10: ..." and return false. */
__attribute__((format(printf, 3, 4))) bool tb_refuse(const struct view *view, uint64_t offset, const char *format,
                                                    ...);

/* What .BTF.ext and the data sections need of a .BTF that was found good. */
struct btf_facts {
    const uint8_t *strings;
    uint32_t string_size;
    uint32_t types; /* ids are below this */
};

/* 0 for an object that libbpf can be trusted with, else -1 and the reason. */
int tb_validate(const uint8_t *bytes, size_t size, char *reason, size_t reason_size);

bool tb_check_btf(const struct view *btf, struct btf_facts *facts);
bool tb_check_btf_ext(const struct view *ext, const struct btf_facts *facts);

#endif
