package main

import "unsafe"

//bpf:section xdp
func generic[T any](ctx unsafe.Pointer) int32 { return 0 }
