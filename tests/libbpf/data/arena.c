/*
 * An arena with a variable in it, and a program that counts there and takes a page.
 *
 *   clang-19 -O2 -g -target bpf -mcpu=v4 -fdebug-compilation-dir=. -I LIBBPF/include/uapi -I LIBBPF/include -c arena.c -o arena.elf
 *   llvm-strip-19 -g arena.elf
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define __arena __attribute__((address_space(1)))

struct {
	__uint(type, BPF_MAP_TYPE_ARENA);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 16);
} heap SEC(".maps");

void __arena *bpf_arena_alloc_pages(void *map, void __arena *addr, __u32 pages, int node, __u64 flags) __ksym;

__u64 __arena counter;

/* Adds; where a page is left, the sum stands at its beginning, too. */
SEC("syscall")
int count(__u64 *add)
{
	__u64 __arena *page = bpf_arena_alloc_pages(&heap, 0, 1, -1, 0);
	counter += *add;
	if (page)
		*page = counter;
	return page != 0;
}

char LICENSE[] SEC("license") = "GPL";
