package main

import "unsafe"

var base = 7
var pointer = &base
var slice = []int32{1, 2, 3}
var fromKernel = ktime()
var divided = base / zero()
var text = "abc"

func zero() int { return base - 7 }

//go:extern bpf_ktime_get_ns
func ktime() uint64

//export prog
//bpf:section syscall
func prog(ctx unsafe.Pointer) int32 {
	return int32(base+*pointer) + slice[1] + int32(fromKernel) + int32(divided) + int32(len(text))
}
