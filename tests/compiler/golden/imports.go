package main

import (
	"fmt"
	"unsafe"
)

//export prog
//bpf:section syscall
func prog(ctx unsafe.Pointer) int32 {
	fmt.Println("x")
	return 0
}
