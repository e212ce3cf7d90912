// The verifier refuses this program: it reads a packet without looking where that ends.
package main

import "unsafe"

type xdpContext struct {
	Data    uint32
	DataEnd uint32
}

//bpf:section xdp
//export careless
func careless(ctx *xdpContext) int32 {
	start := uintptr(ctx.Data)
	first := *(*byte)(unsafe.Pointer(start + 20))
	if first == 6 {
		return 1
	}
	return 2
}
