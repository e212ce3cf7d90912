package main

import "unsafe"

type shape interface{ area() int32 }

type square struct{ side, more int32 }

func (s square) area() int32 { return s.side }

type key struct {
	what any
	n    int32
}

type pair struct{ a, b int32 }

var count int32
var last = pair{1, 2}

func next() int32 {
	count++
	last.a++
	return count
}

func both(s shape, n int32) int32 { return s.area() + n }

func value(x any, n int32) int32 { return x.(int32) + n }

func made() func() int32 {
	count++
	n := count
	return func() int32 { return n }
}

//export prog
//bpf:section syscall
func prog(ctx unsafe.Pointer) int32 {
	r := both(square(struct{ side, more int32 }{last.a, 1}), next())
	r += value(count, next())
	r += count + made()()
	x, y := key{pair{1, 2}, 1}, key{pair{1, 2}, 1}
	if x == y {
		return 1
	}
	return r
}
