package bpf

import "tinybpf/ebpf"

// bpf:section xdp
func pass(ctx *ebpf.XDP) ebpf.XDPAction { return ebpf.XDPPass }
