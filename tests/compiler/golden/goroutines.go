package main

import "unsafe"

func work() {}

//export prog
//bpf:section syscall
func prog(ctx unsafe.Pointer) int32 {
	go work()
	select {}
}
