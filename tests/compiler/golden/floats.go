package main

import "unsafe"

var rate float32 = 0.5

type sample struct {
	n    int32
	mean float64
}

func half(x float64) int32 { return int32(x / 2) }

//export prog
//bpf:section syscall
func prog(ctx unsafe.Pointer) int32 {
	x := 1.5
	if x > 2 {
		return half(3)
	}
	rate = 1
	s := (*sample)(ctx)
	s.mean = 2
	var whole sample
	whole.n = 1
	c := complex(1, 2)
	return whole.n + int32(real(c))
}
