package main

import "unsafe"

var n uint32

//go:noinline
func c1() { n++; c2() }

//go:noinline
func c2() { n++; c3() }

//go:noinline
func c3() { n++; c4() }

//go:noinline
func c4() { n++; c5() }

//go:noinline
func c5() { n++; c6() }

//go:noinline
func c6() { n++; c7() }

//go:noinline
func c7() { n++; c8() }

//go:noinline
func c8() { n++ }

//export prog
//bpf:section xdp
func prog(ctx unsafe.Pointer) int32 {
	c1()
	return 2
}
