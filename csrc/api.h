/* The table of libbpf's entry points: one slot per prototype in binding.cdef. */
#ifndef TINYBPF_API_H
#define TINYBPF_API_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include "api_table.h" /* generated: TB_API(X) */

#define TB_SLOT(kind, ret, name, params, major, minor) ret(*name) params;
struct tb_api {
    TB_API(TB_SLOT)
};
#undef TB_SLOT

extern struct tb_api tb_api;

int tb_init(const char *path);
const char *tb_init_error(void);
const char *tb_missing_name(void);
const char *tb_missing_since(void);
void tb_missing_clear(void);

#endif
