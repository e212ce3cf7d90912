package main

import "unsafe"

//export prog
//bpf:section syscall
func prog(ctx unsafe.Pointer) int32 {
	var factorial func(int32) int32
	factorial = func(n int32) int32 {
		if n < 2 {
			return 1
		}
		return n * factorial(n-1)
	}
	return factorial(5)
}
