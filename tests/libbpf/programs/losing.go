// Writes so many records of 64 bytes into a small ring buffer, and counts those that it had no room for.
package main

import "unsafe"

type bpfMapDef struct {
	Type       uint32
	KeySize    uint32
	ValueSize  uint32
	MaxEntries uint32
	MapFlags   uint32
}

type record struct {
	Number uint64
	_      [56]byte
}

var events = bpfMapDef{Type: 27, MaxEntries: 4096}
var quiet = bpfMapDef{Type: 27, MaxEntries: 4096}

var ebpf_lost_events uint64

//go:extern bpf_ringbuf_output
func bpfRingbufOutput(ring unsafe.Pointer, data unsafe.Pointer, size uint64, flags uint64) int64

//bpf:section syscall
//export fill
func fill(count *uint64) int32 {
	for i := uint64(0); i < 100; i++ {
		if i >= *count {
			break
		}
		out := record{Number: i}
		if bpfRingbufOutput(unsafe.Pointer(&events), unsafe.Pointer(&out), uint64(unsafe.Sizeof(out)), 0) < 0 {
			ebpf_lost_events++
		}
	}
	return 0
}

// hush makes the second map a part of the object.
//
//bpf:section syscall
//export hush
func hush(count *uint64) int32 {
	out := record{Number: *count}
	return int32(bpfRingbufOutput(unsafe.Pointer(&quiet), unsafe.Pointer(&out), uint64(unsafe.Sizeof(out)), 0))
}
