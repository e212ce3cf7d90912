// Refused: the packet's length can't be set.
package bpf

import "tinybpf/ebpf"

//bpf:section tc
func writes(ctx *ebpf.SKB) ebpf.TCAction {
	ctx.Len = 4
	return ebpf.TCOK
}
