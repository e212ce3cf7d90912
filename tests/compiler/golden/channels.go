package main

import "unsafe"

//export prog
//bpf:section syscall
func prog(ctx unsafe.Pointer) int32 {
	c := make(chan int32, 1)
	c <- 1
	x := <-c
	close(c)
	for range c {
	}
	return x
}

//export chooser
//bpf:section syscall
func chooser(ctx unsafe.Pointer) int32 {
	var c chan int32
	select {
	case <-c:
	default:
	}
	return 0
}
