package main

import "tinybpf/ebpf"

var hits = ebpf.Array[uint64]{MaxEntries: 4}

type wide [100]uint64

//bpf:section xdp
func prog(ctx *ebpf.XDP) ebpf.XDPAction {
	var a, b wide
	big := [600]byte{1}
	c := make([]int64, 80)
	n := int(ctx.IngressIfindex)
	d := make([]byte, n)
	if a == b {
		return ebpf.XDPDrop
	}
	hits = ebpf.Array[uint64]{MaxEntries: 5}
	print("hello ", n)
	println(n)
	go func() { n++ }()
	return ebpf.XDPAction(int(big[n&7]) + int(c[0]) + int(d[0]))
}
