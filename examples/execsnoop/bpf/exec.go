// Package bpf reports each program that is started.
package bpf

import "tinybpf/ebpf"

// An Exec is a program that was started.
type Exec struct {
	Time ebpf.Ktime
	PID  uint32
	UID  uint32
	Comm ebpf.Comm
	Path [256]byte `show:"text"`
}

var execs = ebpf.RingBuf[Exec]{MaxEntries: 1 << 18}

//bpf:section tracepoint/sched/sched_process_exec
func started(ctx *ebpf.SchedProcessExec) int32 {
	e := execs.Reserve()
	if e == nil {
		return 0 // no room in the buffer: counted as lost
	}
	e.Time = ebpf.Now()
	e.PID = ebpf.PID()
	e.UID = ebpf.UID()
	ebpf.CurrentComm(&e.Comm)
	ebpf.ReadDataLoc(e.Path[:], ctx, ctx.Filename)
	execs.Submit(e)
	return 0
}
