package main

import "unsafe"

type pair struct{ a, b int64 }

//go:extern bpf_map_lokup_elem
func lookup(m, k unsafe.Pointer) unsafe.Pointer

//go:extern bpf_no_such_thing_at_all
func nothing() int64

func noBody() int32

//go:extern bpf_task_from_pid
func bpfKfuncBpfTaskFromPid(pid int32) unsafe.Pointer

//go:extern bpf_trace_printk
func sixArguments(f unsafe.Pointer, n uint32, a, b, c, d uint64) int64

//go:extern bpf_trace_printk
func structArgument(p pair) int64

//go:extern bpf_trace_printk
func variadic(f unsafe.Pointer, n uint32, args ...uint64) int64

//go:extern bpf_ktime_get_ns
func twoResults() (int64, int64)

//export prog
//bpf:section syscall
func prog(ctx unsafe.Pointer) int32 {
	lookup(nil, nil)
	lookup(nil, nil)
	nothing()
	noBody()
	bpfKfuncBpfTaskFromPid(1)
	sixArguments(nil, 0, 1, 2, 3, 4)
	structArgument(pair{})
	variadic(nil, 0, 1, 2)
	twoResults()
	f := ktime
	return int32(f())
}

//go:extern bpf_ktime_get_ns
func ktime() uint64
