package main

import "tinybpf/ebpf"

var saved func() int32

type task struct{ run func(int32) int32 }

var tasks [2]task

func counter() func() int32 {
	n := int32(0)
	return func() int32 { n++; return n }
}

func twice(f func(int32) int32) int32 { return f(f(1)) }

//bpf:section xdp
func prog(ctx *ebpf.XDP) ebpf.XDPAction {
	n := int32(ctx.IngressIfindex)
	saved = func() int32 { return n }
	tasks[0].run = func(x int32) int32 { return x + n }
	next := counter()
	var fs [3]func() int32
	for i := range fs {
		fs[i] = func() int32 { return int32(i) }
	}
	return ebpf.XDPAction(saved() + twice(tasks[0].run) + next() + fs[n&1]())
}
