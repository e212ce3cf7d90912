/*
 * What elfutils' configure would find out, for libelf alone, on Linux with glibc. Written by hand so
 * that no autoconf run is needed; holds for elfutils 0.186 and newer.
 *
 * No zstd and no locks: BPF objects have no compressed sections, and each Elf handle is used by
 * one thread at a time.
 */
#ifndef TINYBPF_LIBELF_CONFIG_H
#define TINYBPF_LIBELF_CONFIG_H

#define PACKAGE_NAME "elfutils"

#define HAVE_DECL_MEMPCPY 1
#define HAVE_DECL_MEMRCHR 1
#define HAVE_DECL_POWEROF2 1
#define HAVE_DECL_RAWMEMCHR 1
#define HAVE_DECL_REALLOCARRAY 1
#define HAVE_ERROR_H 1
#define HAVE_ERR_H 1
#define HAVE_MREMAP 1
#define HAVE_STDATOMIC_H 1
#define HAVE_VISIBILITY 1

#if defined(__has_attribute)
#if __has_attribute(fallthrough)
#define HAVE_FALLTHROUGH 1
#endif
#if __has_attribute(gcc_struct)
#define HAVE_GCC_STRUCT 1
#endif
#endif

#include <eu-config.h>

#endif
