// Package bpf measures how long system calls take: a histogram for each call.
package bpf

import "tinybpf/ebpf"

// target is the process to measure; 0: all of them.
var target uint32

var (
	began   = ebpf.LRUHash[uint32, ebpf.Ktime]{MaxEntries: 10240} // by thread
	latency = ebpf.Hash[uint32, ebpf.Histogram]{MaxEntries: 1024} // by number of the call, in nanoseconds
)

//bpf:section tracepoint/raw_syscalls/sys_enter
func enter(ctx *ebpf.SysEnter) int32 {
	if target == 0 || target == ebpf.PID() {
		began.Update(ebpf.TID(), ebpf.Now())
	}
	return 0
}

//bpf:section tracepoint/raw_syscalls/sys_exit
func exit(ctx *ebpf.SysExit) int32 {
	tid := ebpf.TID()
	start := began.Lookup(tid)
	if start == nil {
		return 0
	}
	took := ebpf.Now().Sub(*start)
	began.Delete(tid)
	if h := latency.LookupOrZero(uint32(ctx.Nr)); h != nil {
		h.Add(uint64(took))
	}
	return 0
}
