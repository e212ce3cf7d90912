package main

import "tinybpf/ebpf"

var order = [4]uint8{3, 1, 4, 9}

var table = invert(order)

func invert(from [4]uint8) (to [4]uint8) {
	for i, n := range from {
		to[n] = uint8(i)
	}
	return
}

//bpf:section xdp
func prog(ctx *ebpf.XDP) ebpf.XDPAction {
	return ebpf.XDPAction(table[ctx.IngressIfindex&3])
}
