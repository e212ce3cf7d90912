// replacing.elf is made of this file as configured.elf of configured.c.
#define SEC(name) __attribute__((section(name), used))

SEC("freplace") int always_six(int size)
{
	return 6;
}

SEC("fentry") int counting(void *ctx)
{
	return 0;
}

char _license[] SEC("license") = "GPL";
