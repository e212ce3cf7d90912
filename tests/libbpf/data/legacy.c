// Maps as they were defined before BTF: legacy.elf is made of this file by:
//   clang -O2 -target bpf -c legacy.c -o legacy.elf
#define SEC(name) __attribute__((section(name), used))

struct definition {
	unsigned int type, key_size, value_size, max_entries, flags;
} counts SEC("maps") = {1, 4, 8, 4, 0};

SEC("socket")
int plain(void *ctx)
{
	return ((void *(*)(void *, void *))1)(&counts, ctx) ? 1 : 0;
}

char _license[] SEC("license") = "GPL";
