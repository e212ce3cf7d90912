package main

import "unsafe"

type counter struct{ n int32 }

func (c counter) get() int32 { return c.n }

func one() int32 { return 1 }

func apply(f func() int32) int32 {
	return f()
}

var hook = one

//export prog
//bpf:section syscall
func prog(ctx unsafe.Pointer) int32 {
	x := int32(1)
	f := func() int32 { return x }
	total := f()
	total += apply(one)
	c := counter{2}
	get := c.get
	total += get()
	func() {
		total++
	}()
	return total + hook()
}
