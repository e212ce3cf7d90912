package main

import "unsafe"

const name = "tinybpf"

func length(s string) int32 { return int32(len(s)) }

//export prog
//bpf:section syscall
func prog(ctx unsafe.Pointer) int32 {
	s := "abc"
	if s == name {
		return int32(s[0])
	}
	for _, r := range s {
		_ = r
	}
	var a [8]byte
	copy(a[:], name)
	b := []byte(s)
	_ = b
	return length("x") + int32(len(name))
}
