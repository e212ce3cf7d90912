package main

import "unsafe"

func f(n uint64) {}

//export prog
//bpf:section syscall
func prog(ctx unsafe.Pointer) int32 {
	var x uint32 = "s"
	y := 3
	undefinedName()
	f(x)
	var z uint8 = 256
	return x
}
