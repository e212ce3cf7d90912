package main

import "unsafe"

type node struct {
	n    int32
	next *node
}

func keep(to **int32, p *int32) { *to = p }
func same(p *int32) *int32      { return p }
func all(xs ...int32) []int32   { return xs }

//export prog
//bpf:section syscall
func prog(ctx unsafe.Pointer) int32 {
	var ps [4]*int32
	var slices [4][]int32
	var head *node
	var last *int32
	for i := range int32(4) {
		x := i
		ps[i] = &x
		ps[i] = same(&x)
		keep(&ps[i], &x)
		slices[i] = all(i)
		one := [1]*int32{&x}
		copy(ps[i:], one[:])
		if last != nil {
			x += *last
		}
		last = &x
		n := node{i, head}
		head = &n
	}
	var counter *int
	for i := 0; i < 3; i++ {
		if i == 1 {
			counter = &i
		}
	}
	k := int32(0)
again:
	y := k
	ps[k&3] = &y
	k++
	if k < 4 {
		goto again
	}
	return *ps[0] + slices[1][0] + head.n + int32(*counter)
}

//export fine
//bpf:section syscall
func fine(ctx unsafe.Pointer) int32 {
	sum := int32(0)
	var p *int32
	for i := range int32(4) {
		x := i
		p = &x
		sum += *p
		for range 3 {
			q := &x
			sum += *q
		}
	}
	return sum
}
