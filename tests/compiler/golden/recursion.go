package main

import "unsafe"

func factorial(n int32) int32 {
	if n == 0 {
		return 1
	}
	return n * factorial(n-1)
}

func even(n int32) bool { return n == 0 || odd(n-1) }
func odd(n int32) bool  { return n != 0 && even(n-1) }

type list struct{ n int32 }

func (l *list) walk() int32 {
	l.n--
	if l.n == 0 {
		return 0
	}
	return l.walk()
}

//export prog
//bpf:section syscall
func prog(ctx unsafe.Pointer) int32 {
	l := list{3}
	if even(4) {
		return factorial(3)
	}
	return l.walk()
}
