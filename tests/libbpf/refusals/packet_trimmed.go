// Refused: the same in the established dialect.
package main

import "unsafe"

type xdpContext struct {
	Data    uint32
	DataEnd uint32
}

//go:extern bpf_xdp_adjust_tail
func bpfXdpAdjustTail(ctx *xdpContext, delta int32) int64

//bpf:section xdp
//export trims
func trims(ctx *xdpContext) int32 {
	start, end := uintptr(ctx.Data), uintptr(ctx.DataEnd)
	if start+34 > end {
		return 2
	}
	bpfXdpAdjustTail(ctx, -4)
	proto := (*byte)(unsafe.Pointer(start + 23))
	if *proto == 6 {
		return 1
	}
	return 2
}
