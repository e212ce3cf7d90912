package main

import "unsafe"

var counts map[uint32]uint64

//export prog
//bpf:section syscall
func prog(ctx unsafe.Pointer) int32 {
	m := make(map[int32]int32)
	m[1] = 2
	delete(m, 1)
	for range counts {
	}
	_, ok := counts[7]
	if ok {
		return int32(len(m))
	}
	n := map[int32]int32{1: 2}
	return n[1]
}
