// Package reservations tells of each program that is started. The record is written where user
// space will read it: reserved, filled in, submitted.
package reservations

import "tinybpf/ebpf"

// An Exec is a program that was started.
type Exec struct {
	PID  uint32
	UID  uint32
	Comm ebpf.Comm
	Path [128]byte `show:"text"`
}

var execs = ebpf.RingBuf[Exec]{MaxEntries: 1 << 18}

//bpf:section tracepoint/sched/sched_process_exec
func started(ctx *ebpf.SchedProcessExec) int32 {
	e := execs.Reserve()
	if e == nil {
		return 0 // no room: counted
	}
	e.PID, e.UID = ebpf.PID(), ebpf.UID()
	ebpf.CurrentComm(&e.Comm)
	if ebpf.ReadDataLoc(e.Path[:], ctx, ctx.Filename) < 0 {
		execs.Discard(e)
		return 0
	}
	execs.Submit(e)
	return 0
}
