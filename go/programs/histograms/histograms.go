// Package histograms measures how long calls of read take: all together, and by process.
package histograms

import "tinybpf/ebpf"

var (
	began     = ebpf.Hash[uint32, ebpf.Ktime]{MaxEntries: 10240}
	all       = ebpf.PerCPUArray[ebpf.Histogram]{MaxEntries: 1}
	byProcess = ebpf.LRUHash[uint32, ebpf.Histogram]{MaxEntries: 1024}
)

//bpf:section tracepoint/syscalls/sys_enter_read
func enter(ctx *ebpf.SysEnter) int32 {
	began.Update(ebpf.TID(), ebpf.Now())
	return 0
}

//bpf:section tracepoint/syscalls/sys_exit_read
func exit(ctx *ebpf.SysExit) int32 {
	start := began.Lookup(ebpf.TID())
	if start == nil {
		return 0
	}
	took := uint64(ebpf.Now().Sub(*start))
	began.Delete(ebpf.TID())
	if h := all.Lookup(0); h != nil {
		h.Add(took)
	}
	if h := byProcess.LookupOrZero(ebpf.PID()); h != nil {
		h.Add(took)
	}
	return 0
}
