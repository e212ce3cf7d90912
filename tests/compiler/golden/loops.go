package main

import "tinybpf/ebpf"

var flags = ebpf.Array[uint32]{MaxEntries: 1}

//bpf:section xdp
func waits(ctx *ebpf.XDP) ebpf.XDPAction {
	for {
		if p := flags.Lookup(0); p == nil || *p == 1 {
			break
		}
	}
	for ebpf.GetPrandomU32() != 1 {
	}
	for {
	}
}

//bpf:section xdp
func counts(ctx *ebpf.XDP) ebpf.XDPAction {
	n, sum := ebpf.GetPrandomU32(), 0
	for n < 10 {
		sum++
	}
again:
	sum++
	goto again
}
