package main

import "tinybpf/ebpf"

type point struct{ x, y int32 }

//bpf:section xdp
func prog(ctx *ebpf.XDP) ebpf.XDPAction {
	var first *int32
	var points [4]*point
	var parts [4][]int32
	list := [4]int32{1, 2, 3, 4}
	for i, n := range list {
		if first == nil {
			first = &n
		}
		points[i] = &point{n, n}
		row := [2]int32{n, n}
		parts[i] = row[:]
	}
	return ebpf.XDPAction(*first + points[ctx.IngressIfindex&3].x + parts[1][0])
}
