package bpf

import "tinybpf/ebpf"

type nameless struct {
	_   ebpf.KernelStruct
	Pid int32 `bpf:"pid"`
}

type task struct {
	_    ebpf.KernelStruct `bpf:"task_struct"`
	Pid  int32
	Tgid int32 `bpf:"not a name"`
}

//bpf:section raw_tracepoint/sched_switch
func p(ctx *ebpf.RawTracepoint) int32 {
	var n nameless
	var t task
	ebpf.ReadKernel(&n, ctx.Args[1])
	ebpf.ReadKernel(&t, ctx.Args[1])
	return n.Pid + t.Pid + t.Tgid
}
