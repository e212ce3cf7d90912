package main

import "tinybpf/ebpf"

var started = ebpf.Now()

var random = pick(8)

var endpoint = ebpf.PID()

func pick(n uint32) uint32 { return ebpf.GetPrandomU32() % n }

//bpf:section xdp
func prog(ctx *ebpf.XDP) ebpf.XDPAction {
	return ebpf.XDPAction(uint32(started) + random + uint32(endpoint))
}
