/*
 * Which libbpf is in use. The table starts filled from the one linked in; tb_init() fills it from
 * a shared library instead. A slot that the library lacks holds a function that fails with ENOSYS
 * and leaves its own name and version behind, so that calling it is an error and never a jump to 0.
 */
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>

#include "api.h"
#include "native.h"

static _Thread_local const char *missing_name;
static _Thread_local const char *missing_since;
static char init_error[512];

static long missing(const char *name, const char *since)
{
    missing_name = name;
    missing_since = since;
    errno = ENOSYS;
    return -ENOSYS;
}

/* The kinds: how a function says that it failed. */
#define FAIL_INT(ret, call) return (ret)call
#define FAIL_COUNT(ret, call) return (call, (ret)0)
#define FAIL_POINTER(ret, call) return (call, (ret)NULL)
#define FAIL_VOID(ret, call) (void)call

#define ABSENT(kind, ret, name, params, major, minor)                                                 \
    static ret absent_##name params                                                                       \
    {                                                                                                     \
        FAIL_##kind(ret, missing(#name, #major "." #minor));                                                \
    }
TB_API(ABSENT)

#define LINKED(kind, ret, name, params, major, minor) .name = name,
struct tb_api tb_api = {TB_API(LINKED)};

const char *tb_missing_name(void) { return missing_name; }
const char *tb_missing_since(void) { return missing_since; }
void tb_missing_clear(void) { missing_name = NULL; }
const char *tb_init_error(void) { return init_error; }

static int fail(void *library, const char *path, const char *reason)
{
    snprintf(init_error, sizeof init_error, "cannot use '%s' as libbpf: %s", path, reason);
    if (library)
        dlclose(library);
    return -1;
}

static void *symbol(void *library, const char *name, void *absent)
{
    void *found = dlsym(library, name);
    return found ? found : absent;
}

int tb_init(const char *path)
{
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!library)
        return fail(NULL, path, dlerror());

    uint32_t (*major)(void) = (uint32_t(*)(void))dlsym(library, "libbpf_major_version");
    uint32_t (*minor)(void) = (uint32_t(*)(void))dlsym(library, "libbpf_minor_version");
    if (!major || !minor)
        return fail(library, path, "it has no libbpf_major_version(); libbpf 1.1 or later is needed");
    if (major() != 1 || minor() < 1) {
        char reason[80];
        snprintf(reason, sizeof reason, "it is version %u.%u; 1.1 or a later 1.x is needed", major(), minor());
        return fail(library, path, reason);
    }
#define FOUND(kind, ret, name, params, a, b)                                                          \
    tb_api.name = (ret(*) params)symbol(library, #name, (void *)absent_##name);
    TB_API(FOUND)

    void (*set_print)(libbpf_print_fn_t) = (void (*)(libbpf_print_fn_t))dlsym(library, "libbpf_set_print");
    if (set_print)
        set_print(tb_log_print);
    return 0;
}

__attribute__((constructor)) static void listen_to_libbpf(void) { libbpf_set_print(tb_log_print); }
