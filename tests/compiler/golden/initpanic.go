package main

import "unsafe"

var base = 7
var divided = base / zero()
var fine = triple(base)

func zero() int        { return base - 7 }
func triple(n int) int { return n * 3 }

//export prog
//bpf:section syscall
func prog(ctx unsafe.Pointer) int32 {
	return int32(divided + fine)
}
