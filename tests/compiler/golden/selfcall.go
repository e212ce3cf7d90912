package main

import "tinybpf/ebpf"

//bpf:section xdp
func prog(ctx *ebpf.XDP) ebpf.XDPAction {
	var fact func(int32) int32
	fact = func(x int32) int32 {
		if x < 2 {
			return 1
		}
		return x * fact(x-1)
	}
	return ebpf.XDPAction(fact(3))
}
