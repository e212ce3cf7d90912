// Programs that tell by their cookies from where they are called.
package bpf

import "tinybpf/ebpf"

// target is the process that counts.
var target uint32

// calls counts by cookie.
var calls = ebpf.Hash[uint64, uint64]{MaxEntries: 64}

func called(ctx ebpf.Context) int32 {
	if ebpf.PID() == target {
		if n := calls.LookupOrZero(ebpf.GetAttachCookie(ctx)); n != nil {
			*n++
		}
	}
	return 0
}

//bpf:section tracepoint/syscalls/sys_enter_getppid
func onTracepoint(ctx *ebpf.SysEnter) int32 { return called(ctx) }

//bpf:section raw_tp/sys_enter
func onRaw(ctx *ebpf.RawTracepoint) int32 { return called(ctx) }

//bpf:section perf_event
func onSample(ctx *ebpf.PerfEventData) int32 { return called(ctx) }

//bpf:section uprobe
func onFunction(ctx *ebpf.PtRegs) int32 { return called(ctx) }

//bpf:section uprobe.multi
func onFunctions(ctx *ebpf.PtRegs) int32 { return called(ctx) }

//bpf:section uretprobe.multi/libc.so.6:labs
func onReturns(ctx *ebpf.PtRegs) int32 { return called(ctx) }

//bpf:section kprobe
func onKernel(ctx *ebpf.PtRegs) int32 { return called(ctx) }

//bpf:section kprobe.multi
func onKernels(ctx *ebpf.PtRegs) int32 { return called(ctx) }

//bpf:section fentry/vfs_fallocate
func onFentry(ctx ebpf.Context) int32 { return called(ctx) }
