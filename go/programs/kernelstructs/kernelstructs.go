// Package kernelstructs reads the kernel's own structures: who is the parent of the process that
// starts a program. The offsets of the fields are those of the kernel that runs, not those of one
// that the program was compiled for.
package kernelstructs

import "tinybpf/ebpf"

// A task is what we need of the kernel's task_struct.
type task struct {
	_      ebpf.KernelStruct `bpf:"task_struct"`
	Tgid   int32             `bpf:"tgid"`
	Parent ebpf.Address      `bpf:"real_parent"`
}

// A Child is a process that started a program, and its parent.
type Child struct {
	PID, Parent int32
	Comm        ebpf.Comm
}

var children = ebpf.RingBuf[Child]{MaxEntries: 1 << 16}

//bpf:section tracepoint/sched/sched_process_exec
func started(ctx *ebpf.SchedProcessExec) int32 {
	var self, parent task
	if ebpf.ReadKernel(&self, ebpf.CurrentTask()) != 0 || ebpf.ReadKernel(&parent, self.Parent) != 0 {
		return 0
	}
	child := Child{PID: self.Tgid, Parent: parent.Tgid}
	ebpf.CurrentComm(&child.Comm)
	children.Output(&child)
	return 0
}
