// Programs for user space functions, samples of a clock, and the kernel's functions.
package main

import "unsafe"

// target is the process that counts, 0 for all.
var target uint32

var entered, returned, sampled, called uint64
var argument, result uint64

// registers are the kernel's struct pt_regs on x86-64, or the first ones on arm64.
type registers [21]uint64

//go:extern bpf_get_current_pid_tgid
func bpfGetCurrentPidTgid() uint64

func ours() bool {
	return target == 0 || uint32(bpfGetCurrentPidTgid()>>32) == target
}

//bpf:section uprobe
//export on_entry
func on_entry(ctx *registers) int32 {
	if ours() {
		entered++
		argument = ctx[14] // di
	}
	return 0
}

//bpf:section uretprobe
//export on_return
func on_return(ctx *registers) int32 {
	if ours() {
		returned++
		result = ctx[10] // ax
	}
	return 0
}

//bpf:section perf_event
//export on_sample
func on_sample(ctx unsafe.Pointer) int32 {
	if ours() {
		sampled++
	}
	return 0
}

//bpf:section kprobe
//export on_call
func on_call(ctx *registers) int32 {
	if ours() {
		called++
	}
	return 0
}
