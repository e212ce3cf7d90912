/*
 * One map of each kind that the Go packages have none of, and programs that use them.
 *
 *   clang-19 -O2 -g -target bpf -mcpu=v3 -fdebug-compilation-dir=. -I LIBBPF/include -c kinds.c -o kinds.elf
 *   llvm-strip-19 -g kinds.elf
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct request {
	__u32 index;
	__u32 key;
	__u64 value;
};

struct inner {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8);
	__type(key, __u32);
	__type(value, __u64);
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 4);
	__type(key, __u32);
	__array(values, struct inner);
} maps SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH_OF_MAPS);
	__uint(max_entries, 4);
	__type(key, __u64);
	__array(values, struct inner);
} named_maps SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u32);
} programs SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_BLOOM_FILTER);
	__uint(max_entries, 100);
	__type(value, __u64);
} seen SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_QUEUE);
	__uint(max_entries, 3);
	__type(value, struct request);
} requests SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_STACK);
	__uint(max_entries, 3);
	__type(value, __s64);
} numbers SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_DEVMAP);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u32);
} devices SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_CPUMAP);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, struct bpf_cpumap_val);
} cpus SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 2);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, __u64);
} mapped SEC(".maps");

struct locked {
	struct bpf_spin_lock lock;
	__u64 count;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, struct locked);
} locks SEC(".maps");

/* The packet is the request. */
static __always_inline struct request *request_in(struct xdp_md *ctx)
{
	struct request *r = (void *)(long)ctx->data;
	return (void *)(r + 1) > (void *)(long)ctx->data_end ? 0 : r;
}

/* What the inner map at r->index has for r->key; -1 without such a map, -2 without the key. */
SEC("xdp")
int look_inside(struct xdp_md *ctx)
{
	struct request *r = request_in(ctx);
	if (!r)
		return -100;
	__u32 index = r->index, key = r->key;
	void *map = bpf_map_lookup_elem(&maps, &index);
	if (!map)
		return -1;
	__u64 *value = bpf_map_lookup_elem(map, &key);
	if (!value)
		return -2;
	r->value = *value;
	return 0;
}

SEC("xdp")
int look_inside_named(struct xdp_md *ctx)
{
	struct request *r = request_in(ctx);
	if (!r)
		return -100;
	__u64 name = r->value;
	__u32 key = r->key;
	void *map = bpf_map_lookup_elem(&named_maps, &name);
	__u64 *value = map ? bpf_map_lookup_elem(map, &key) : 0;
	return value ? *value : -1;
}

SEC("xdp")
int was_seen(struct xdp_md *ctx)
{
	struct request *r = request_in(ctx);
	if (!r)
		return -100;
	__u64 value = r->value;
	return bpf_map_peek_elem(&seen, &value) == 0;
}

/* Pushes into both, and takes one out where r->index is 1. */
SEC("xdp")
int queue_up(struct xdp_md *ctx)
{
	struct request *r = request_in(ctx);
	if (!r)
		return -100;
	struct request copy = *r;
	__s64 number = -(__s64)r->value;
	if (r->index == 1) {
		if (bpf_map_pop_elem(&requests, &copy) || bpf_map_pop_elem(&numbers, &number))
			return -1;
		*r = copy;
		return number;
	}
	return bpf_map_push_elem(&requests, &copy, 0) ?: bpf_map_push_elem(&numbers, &number, 0);
}

SEC("xdp")
int raise_mapped(struct xdp_md *ctx)
{
	struct request *r = request_in(ctx);
	if (!r)
		return -100;
	__u32 index = r->index;
	__u64 *value = bpf_map_lookup_elem(&mapped, &index);
	return value ? ++*value : -1;
}

SEC("socket")
int other(struct __sk_buff *packet)
{
	return packet->len;
}

SEC("xdp")
int one(struct xdp_md *ctx)
{
	return 1;
}

SEC("xdp")
int two(struct xdp_md *ctx)
{
	return 2;
}

SEC("xdp")
int jump(struct xdp_md *ctx)
{
	bpf_tail_call(ctx, &programs, 3);
	return 0;
}

SEC("xdp")
int to_device(struct xdp_md *ctx)
{
	return bpf_redirect_map(&devices, 2, XDP_PASS);
}

SEC("xdp")
int to_cpu(struct xdp_md *ctx)
{
	return bpf_redirect_map(&cpus, 0, XDP_PASS);
}

SEC("xdp/cpumap")
int on_cpu(struct xdp_md *ctx)
{
	return XDP_PASS;
}

SEC("xdp")
int count(struct xdp_md *ctx)
{
	__u32 key = 1;
	struct locked *value = bpf_map_lookup_elem(&locks, &key);
	if (!value)
		return 0;
	bpf_spin_lock(&value->lock);
	value->count++;
	bpf_spin_unlock(&value->lock);
	return 1;
}

char LICENSE[] SEC("license") = "GPL";
