package main

import "unsafe"

var syscall uint32

//export twice
//bpf:section syscall
func first(ctx unsafe.Pointer) int32 { return int32(syscall) }

//export twice
//bpf:section syscall
func second(ctx unsafe.Pointer) int32 { return 0 }

//export xdp
//bpf:section xdp
func xdp(ctx unsafe.Pointer) int32 { return 0 }

//export socket
//bpf:section tc
func socket(ctx unsafe.Pointer) int32 { return 0 }

//export other
//bpf:section socket
func other(ctx unsafe.Pointer) int32 { return 0 }

//export license
//bpf:section tc
func license(ctx unsafe.Pointer) int32 { return 0 }

//export größe
//bpf:section tc
func größe(ctx unsafe.Pointer) int32 { return 0 }

//export my-program
//bpf:section tc
func myProgram(ctx unsafe.Pointer) int32 { return 0 }
