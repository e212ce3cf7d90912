package main

import "unsafe"

//go:extern bpf_ktime_get_ns
func ktime() uint64

//export prog
//bpf:section syscall
func prog(ctx unsafe.Pointer) int32 {
	var a [600]byte
	b := make([]uint64, 100)
	p := new([128]int64)
	return int32(a[ktime()%600]) + int32(b[ktime()%100]) + int32(p[ktime()%128])
}
