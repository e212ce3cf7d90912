// Counts and reports the getppid() calls of the processes that have an entry in counts.
package main

import "unsafe"

type bpfMapDef struct {
	Type       uint32
	KeySize    uint32
	ValueSize  uint32
	MaxEntries uint32
	MapFlags   uint32
}

type call struct {
	PID    uint32
	Number uint16
	Comm   [16]byte
}

var events = bpfMapDef{Type: 27, MaxEntries: 1 << 16}
var counts = bpfMapDef{Type: 1, KeySize: 4, ValueSize: 8, MaxEntries: 1024}

//go:extern bpf_get_current_pid_tgid
func bpfGetCurrentPidTgid() uint64

//go:extern bpf_get_current_comm
func bpfGetCurrentComm(buf unsafe.Pointer, size uint32) int64

//go:extern bpf_ringbuf_output
func bpfRingbufOutput(ring unsafe.Pointer, data unsafe.Pointer, size uint64, flags uint64) int64

//go:extern bpf_map_lookup_elem
func bpfMapLookupElem(m unsafe.Pointer, key unsafe.Pointer) unsafe.Pointer

// count adds one to the process's counter and gives the new number, 0 where it has none.
func count(pid uint32) uint64 {
	found := (*uint64)(bpfMapLookupElem(unsafe.Pointer(&counts), unsafe.Pointer(&pid)))
	if found == nil {
		return 0
	}
	*found++
	return *found
}

//bpf:section tracepoint/syscalls/sys_enter_getppid
//export on_getppid
func on_getppid(ctx unsafe.Pointer) int32 {
	pid := uint32(bpfGetCurrentPidTgid() >> 32)
	number := count(pid)
	if number == 0 {
		return 0
	}
	event := call{PID: pid, Number: uint16(number)}
	bpfGetCurrentComm(unsafe.Pointer(&event.Comm), 16)
	bpfRingbufOutput(unsafe.Pointer(&events), unsafe.Pointer(&event), uint64(unsafe.Sizeof(event)), 0)
	return 0
}

// whoami gives the id of the process that runs it. Linux 5.10 can do that on request.
//
//bpf:section raw_tracepoint/sys_exit
//export whoami
func whoami(ctx unsafe.Pointer) int32 {
	return int32(bpfGetCurrentPidTgid() >> 32)
}

//bpf:section raw_tracepoint/sys_enter
//export on_any
func on_any(ctx unsafe.Pointer) int32 {
	count(0)
	return 0
}
