package main

import "unsafe"

type taker func(taker) int32

type task struct {
	run func() int32
	n   int32
}

//go:extern bpf_probe_read
func probeRead(to unsafe.Pointer, size uint32, from func() int32) int32

var hook func() int32

func install(t *task) { hook = t.run }

func again(f taker) int32 { return f(f) }

//export kept
//bpf:section syscall
func kept(ctx unsafe.Pointer) int32 {
	x := int32(1)
	install(&task{run: func() int32 { return x }})
	return hook()
}

//export turns
//bpf:section syscall
func turns(ctx unsafe.Pointer) int32 {
	var fs [4]func() int32
	for i := int32(0); i < 4; i++ {
		fs[i] = func() int32 { return i }
	}
	return fs[0]() + fs[3]()
}

//export hidden
//bpf:section syscall
func hidden(ctx unsafe.Pointer) int32 {
	t := task{run: func() int32 { return 1 }}
	u := (*task)(unsafe.Pointer(&t))
	return u.run()
}

//export handed
//bpf:section syscall
func handed(ctx unsafe.Pointer) int32 {
	return probeRead(ctx, 8, func() int32 { return 1 })
}
