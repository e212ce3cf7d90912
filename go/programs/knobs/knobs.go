// Package knobs reports slow calls of nanosleep. What counts as slow, and of whom, user space sets
// before the program is loaded: tinybpf run --set minNs=500000000 --set target=4711.
package knobs

import "tinybpf/ebpf"

// Knobs: package variables that no program writes. Their values are fixed when the program is
// loaded, and the verifier takes them for constants.
var (
	target uint32           // process to look at; 0: all
	minNs  ebpf.Nanoseconds = 1e6
)

// A Sleep is a call that took long.
type Sleep struct {
	PID  uint32
	Comm ebpf.Comm
	Took ebpf.Nanoseconds
}

var (
	began  = ebpf.Hash[uint32, ebpf.Ktime]{MaxEntries: 10240}
	sleeps = ebpf.RingBuf[Sleep]{MaxEntries: 1 << 16}
)

//bpf:section tracepoint/syscalls/sys_enter_clock_nanosleep
func enter(ctx *ebpf.SysEnter) int32 {
	if target == 0 || target == ebpf.PID() {
		began.Update(ebpf.TID(), ebpf.Now())
	}
	return 0
}

//bpf:section tracepoint/syscalls/sys_exit_clock_nanosleep
func exit(ctx *ebpf.SysExit) int32 {
	start := began.Lookup(ebpf.TID())
	if start == nil {
		return 0
	}
	took := ebpf.Now().Sub(*start)
	began.Delete(ebpf.TID())
	if took < minNs {
		return 0
	}
	sleep := Sleep{PID: ebpf.PID(), Took: took}
	ebpf.CurrentComm(&sleep.Comm)
	sleeps.Output(&sleep)
	return 0
}
