// Package bpf counts how often each thread leaves a CPU, and how long it ran there.
package bpf

import "tinybpf/ebpf"

// A Thread is what is known of one thread.
type Thread struct {
	Comm      ebpf.Comm
	Ran       ebpf.Nanoseconds
	Switches  uint64
	Preempted uint64 // switches that the thread did not ask for
}

var (
	threads = ebpf.LRUHash[uint32, Thread]{MaxEntries: 10240}
	since   = ebpf.PerCPUArray[ebpf.Ktime]{MaxEntries: 1} // when this CPU switched last
)

// switched runs when the current thread leaves its CPU to another one. The kernel's arguments are
// bool preempt, struct task_struct *prev, *next, unsigned int prev_state.
//
//bpf:section raw_tracepoint/sched_switch
func switched(ctx *ebpf.RawTracepoint) int32 {
	last := since.Lookup(0)
	if last == nil {
		return 0
	}
	began, now := *last, ebpf.Now()
	*last = now
	tid := ebpf.TID()
	if began == 0 || tid == 0 { // the first switch on this CPU, or the CPU was idle
		return 0
	}
	t := threads.LookupOrZero(tid)
	if t == nil {
		return 0
	}
	// A thread is on one CPU at a time: nobody else writes to t.
	ebpf.CurrentComm(&t.Comm)
	t.Ran += now.Sub(began)
	t.Switches++
	if ctx.Args[0]&1 != 0 {
		t.Preempted++
	}
	return 0
}
