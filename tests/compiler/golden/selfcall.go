package main

import "unsafe"

type taker func(taker) int32

func again(f taker) int32 { return f(f) }

//export prog
//bpf:section syscall
func prog(ctx unsafe.Pointer) int32 {
	return again(again)
}
