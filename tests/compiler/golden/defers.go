package main

import "unsafe"

func done() {}

//export prog
//bpf:section syscall
func prog(ctx unsafe.Pointer) int32 {
	defer done()
	if ctx == nil {
		return 1
	}
	recover()
	return 0
}
