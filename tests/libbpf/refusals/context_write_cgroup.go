// Refused: cgroup programs can't set what tc programs can.
package bpf

import "tinybpf/ebpf"

//bpf:section cgroup_skb/egress
func marks(ctx *ebpf.SKB) int32 {
	ctx.TCIndex = 4
	return 1
}
