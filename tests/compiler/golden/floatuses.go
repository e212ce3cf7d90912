package main

import "tinybpf/ebpf"

const ratio = 0.75

type sample struct {
	mean float64
	n    uint32
}

var means ebpf.Hash[uint32, float64]

func average(sum, n float32) float32 { return sum / n }

//bpf:section xdp
func prog(ctx *ebpf.XDP) ebpf.XDPAction {
	n := ctx.IngressIfindex
	part := float64(n) * ratio
	if part > 10 {
		return ebpf.XDPDrop
	}
	fine := uint32(ratio * 4)
	var s sample
	s.mean += 1
	var c complex64
	c = c * c
	z := imag(c)
	_ = z
	x := average(1, 2)
	x++
	return ebpf.XDPAction(fine + uint32(x) + s.n)
}
