package bpf

import "tinybpf/ebpf"

var next = ebpf.ProgArray{MaxEntries: 4}

//go:noinline
func jump(ctx *ebpf.XDP, n uint32) uint32 {
	next.TailCall(ctx, n)
	return 77
}

//bpf:section xdp
func prog(ctx *ebpf.XDP) ebpf.XDPAction {
	return ebpf.XDPAction(jump(ctx, 2))
}
