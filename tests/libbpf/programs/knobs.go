// Variables of several types, and a program that gives them back.
package main

import "unsafe"

type point struct {
	X int16
	Y int64
}

type xdpContext struct {
	Data    uint32
	DataEnd uint32
}

type answer struct {
	Limit int32
	Sum   uint64
	X     int16
	On    bool
	Name  [8]byte
}

// Never written: these go to .rodata.
var limit int32 = -7
var enabled bool
var table [4]uint16
var origin point
var name [8]byte

// Written: .data and .bss.
var base uint64 = 40
var calls uint32
var ebpf_panics uint64

//bpf:section xdp
//export report
func report(ctx *xdpContext) int32 {
	start, end := uintptr(ctx.Data), uintptr(ctx.DataEnd)
	if start+unsafe.Sizeof(answer{}) > end {
		return -2
	}
	a := (*answer)(unsafe.Pointer(start))
	calls++
	base++
	a.Limit = limit
	a.On = enabled
	a.X = origin.X
	a.Name = name
	a.Sum = base + uint64(origin.Y)
	for i := range table {
		a.Sum += uint64(table[i])
	}
	if limit == 0 {
		ebpf_panics++
	}
	return int32(calls)
}

