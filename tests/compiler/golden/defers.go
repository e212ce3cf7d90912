package main

import "unsafe"

func done(n int32) {}

func each(yield func(int32) bool) {
	_ = yield(1) && yield(2)
}

//export prog
//bpf:section syscall
func prog(ctx unsafe.Pointer) int32 {
	for i := int32(0); i < 4; i++ {
		defer done(i)
	}
	return 0
}

//export over
//bpf:section syscall
func over(ctx unsafe.Pointer) int32 {
	for x := range each {
		defer done(x)
	}
	return 0
}

//export back
//bpf:section syscall
func back(ctx unsafe.Pointer) (r int32) {
	n := int32(0)
again:
	defer done(n)
	n++
	if n < 3 {
		goto again
	}
	return
}

//export recovers
//bpf:section syscall
func recovers(ctx unsafe.Pointer) (r int32) {
	defer func() {
		if recover() != nil {
			r = 1
		}
	}()
	defer print("end")
	return 0
}
