package main

import (
	"tinybpf/ebpf"
	"unsafe"
)

type number interface{ ~int32 | ~uint32 }

type pair[K comparable, V any] struct {
	key   K
	value V
}

type speaker interface{ speak() int32 }

type dog struct{}

func sum[T number](list ...T) (total T) {
	for _, n := range list {
		total += n
	}
	return
}

func convert[A, B any](a A) B { var b B; return b }

func noReturn(n int32) int32 {
	if n > 0 {
		return n
	}
}

func prog(ctx unsafe.Pointer) int32 {
	sum(1, "x")
	sum[string]("x")
	convert(1)
	_ = pair[int32]{}
	_ = pair[[]byte, int32]{}
	var s speaker = dog{}
	for i := range 3 {
	}
	n := 3
	n := 4
	n = nil
	if n {
	}
	switch n {
	case 1, 1:
	}
	x, y := noReturn(1)
	noReturn(1, 2)
	return "x" + 1
	unknown.field = 1
	goto end
	break
	var a [2]int
	a[5] = 1
	const c uint8 = 300
	_ = 1 << -1
	_ = 1 / 0
	dog{}.speak()
	dog.bark()
	var f func()
	f == f
	ctx.x = 1
	&n = nil
	7 = n
	len(n)
	len()
}
