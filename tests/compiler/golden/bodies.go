// What is wrong in a program's body is told beside what is wrong above it.
package bpf

import "tinybpf/ebpf"

//bpf:section xpd
func misspelt(ctx *ebpf.XDP) ebpf.XDPAction {
	go func() {}()
	return ebpf.XDPPass
}

//bpf:section xdp
//bpf:onpanic 77
func wrong(ctx *ebpf.XDP) ebpf.XDPAction {
	var load float32
	_ = load
	return ebpf.XDPPass
}

//bpf:section xdp
func stranger(ctx *ebpf.SockAddr) ebpf.XDPAction {
	select {}
}

//bpf:section xdp
func twice(ctx *ebpf.XDP, more *ebpf.XDP) ebpf.XDPAction { return ebpf.XDPPass }
