// Refused: what is read lies at an offset that was not compared with the packet's end.
package main

import "unsafe"

type xdpContext struct {
	Data    uint32
	DataEnd uint32
}

//bpf:section xdp
//export careless
func careless(ctx *xdpContext) int32 {
	start, end := uintptr(ctx.Data), uintptr(ctx.DataEnd)
	i := uintptr(*(*byte)(unsafe.Pointer(uintptr(unsafe.Pointer(ctx)))))
	if start+14 > end {
		return 2
	}
	if *(*byte)(unsafe.Pointer(start + i)) == 6 {
		return 1
	}
	return 2
}
