package main

import "unsafe"

//go:extern bpf_ktime_get_ns
func ktime() uint64

//export prog
//bpf:section syscall
func prog(ctx unsafe.Pointer) int32 {
	var s []int32
	s = append(s, 1)
	n := int(ktime())
	t := make([]int32, n)
	fine := make([]int32, 4)
	also := new(int32)
	print("x")
	println(len(fine), *also)
	return s[0] + t[0]
}
