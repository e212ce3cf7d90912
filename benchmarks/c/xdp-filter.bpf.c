// examples/xdp-filter, as one writes it in C.
#include "bpf.h"

struct network {
	__u32 prefix_len;
	struct in_addr addr;
};

struct {
	__uint(type, LPM_TRIE);
	__uint(max_entries, 1024);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct network);
	__type(value, __u64);
} blocked SEC(".maps");

SEC("xdp")
int filter(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data;
	void *data_end = (void *)(long)ctx->data_end;
	struct ethhdr *eth = data;

	if ((void *)(eth + 1) > data_end)
		return XDP_PASS;
	__u16 kind = bpf_ntohs(eth->h_proto);
	void *next = eth + 1;

	if (kind == ETH_P_8021Q) {
		struct vlan_hdr *vlan = next;

		if ((void *)(vlan + 1) > data_end)
			return XDP_PASS;
		kind = bpf_ntohs(vlan->h_vlan_encapsulated_proto);
		next = vlan + 1;
	}
	if (kind != ETH_P_IP)
		return XDP_PASS;
	struct iphdr *ip = next;

	if ((void *)(ip + 1) > data_end)
		return XDP_PASS;
	struct network from = { .prefix_len = 32, .addr.s_addr = ip->saddr };
	__u64 *dropped = bpf_map_lookup_elem(&blocked, &from);

	if (!dropped)
		return XDP_PASS;
	__sync_fetch_and_add(dropped, 1);
	return XDP_DROP;
}
