// Refused: the call that moves the packet is in a function.
package bpf

import "tinybpf/ebpf"

//bpf:section tc
func nested(ctx *ebpf.SKB) ebpf.TCAction {
	ip := ebpf.Header[ebpf.IPv4](ctx, 14)
	if ip == nil {
		return ebpf.TCOK
	}
	if !fits(ctx) {
		return ebpf.TCOK
	}
	ip.TTL--
	return ebpf.TCOK
}

func fits(ctx *ebpf.SKB) bool {
	return ebpf.SkbChangeTail(ctx, 1400, 0) == 0
}
