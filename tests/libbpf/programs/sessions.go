// A program that is called when a function begins and when it returns.
package bpf

import "tinybpf/ebpf"

// target is the process that counts.
var target uint32

var calls uint64

//bpf:section uprobe.session
func onBoth(ctx *ebpf.PtRegs) int32 {
	if ebpf.PID() == target {
		calls++
	}
	return 0
}

//bpf:section kprobe.session
func onKernelBoth(ctx *ebpf.PtRegs) int32 {
	if ebpf.PID() == target {
		calls++
	}
	return 0
}
