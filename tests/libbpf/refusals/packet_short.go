// Refused: a byte is read behind what was compared with the packet's end.
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
	end := uintptr(ctx.DataEnd)
	if start+14 > end {
		return 2
	}
	proto := *(*byte)(unsafe.Pointer(start + 23))
	if proto == 6 {
		return 1
	}
	return 2
}
