// Reports the getppid() calls of one process through a perf event array.
package main

import "unsafe"

type bpfMapDef struct {
	Type       uint32
	KeySize    uint32
	ValueSize  uint32
	MaxEntries uint32
	MapFlags   uint32
}

// 24 bytes: the kernel aligns records so that there are 4 bytes of padding behind it
type call struct {
	PID    uint32
	Number uint32
	Data   [16]byte
}

const currentCPU = 0xffffffff

var calls = bpfMapDef{Type: 4, KeySize: 4, ValueSize: 4}

// target is the process whose calls are reported.
var target uint32

// number counts them.
var number uint32

// ebpf_lost_calls has how many could not be written.
var ebpf_lost_calls uint64

//go:extern bpf_get_current_pid_tgid
func bpfGetCurrentPidTgid() uint64

//go:extern bpf_perf_event_output
func bpfPerfEventOutput(ctx unsafe.Pointer, m unsafe.Pointer, flags uint64, data unsafe.Pointer, size uint64) int64

//bpf:section tracepoint/syscalls/sys_enter_getppid
//export on_getppid
func on_getppid(ctx unsafe.Pointer) int32 {
	pid := uint32(bpfGetCurrentPidTgid() >> 32)
	if pid != target {
		return 0
	}
	number++
	event := call{PID: pid, Number: number}
	event.Data[0], event.Data[15] = 'a', 'z'
	if bpfPerfEventOutput(ctx, unsafe.Pointer(&calls), currentCPU, unsafe.Pointer(&event), uint64(unsafe.Sizeof(event))) < 0 {
		ebpf_lost_calls++
	}
	return 0
}
