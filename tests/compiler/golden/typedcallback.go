package bpf

import "tinybpf/ebpf"

var kept *uint32

//bpf:section raw_tracepoint/sys_enter
func p(ctx *ebpf.RawTracepoint) int32 {
	var last *uint64
	ebpf.Loop(3, func(i uint32) bool {
		x := uint64(i)
		last = &x
		kept = &i
		return true
	})
	return int32(*last)
}

func again(i uint32) bool {
	ebpf.Loop(i, again)
	return true
}

//bpf:section raw_tracepoint/sys_enter
func q(ctx *ebpf.RawTracepoint) int32 {
	ebpf.Loop(3, again)
	x := uint32(1)
	y := x + ebpf.Loop(3, func(i uint32) bool { x++; return true })
	return int32(y)
}

func helper(n uint32, body func(uint32) bool) { ebpf.Loop(n, body) }

//bpf:section raw_tracepoint/sys_enter
func r(ctx *ebpf.RawTracepoint) int32 {
	helper(4, func(i uint32) bool { return true })
	return 0
}
