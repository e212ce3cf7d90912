package main

import "unsafe"

type arguments struct{ words [16]uint32 }

//go:extern bpf_ktime_get_ns
func ktime() uint64

func word(a *arguments, i uint64) uint32 {
	return a.words[i&15]
}

//export prog
//bpf:section syscall
func prog(ctx unsafe.Pointer) int32 {
	a := (*arguments)(ctx)
	n := ktime()
	sum := a.words[n%16]
	for i := range a.words {
		sum += a.words[i]
	}
	s := a.words[:]
	sum += *(*uint32)(unsafe.Pointer(uintptr(ctx) + uintptr(n)))
	sum += *(*uint32)(unsafe.Add(ctx, n))
	fine := a.words[3] + *(*uint32)(unsafe.Pointer(uintptr(ctx) + 8)) + *(*uint32)(unsafe.Add(ctx, 12))
	return int32(sum + s[2] + word(a, n) + fine)
}
