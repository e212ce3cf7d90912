package main

import "tinybpf/ebpf"

var values = ebpf.Hash[uint32, [300]byte]{MaxEntries: 1}

//go:noinline
func inner(n uint32) {
	var value [300]byte
	values.Update(n, value)
}

//bpf:section xdp
func first(ctx *ebpf.XDP) ebpf.XDPAction {
	var left, right [300]byte
	values.Update(1, left)
	values.Update(2, right)
	values.Update(3, left)
	return ebpf.XDPPass
}

//bpf:section xdp
func second(ctx *ebpf.XDP) ebpf.XDPAction {
	var value [300]byte
	values.Update(1, value)
	inner(2)
	values.Update(3, value)
	return ebpf.XDPPass
}
