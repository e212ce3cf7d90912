// Refused: the same in the established dialect.
package main

import "unsafe"

type bpfMapDef struct {
	Type       uint32
	KeySize    uint32
	ValueSize  uint32
	MaxEntries uint32
}

var events = bpfMapDef{Type: 27, MaxEntries: 4096}

//go:extern bpf_ringbuf_reserve
func bpfRingbufReserve(m unsafe.Pointer, size, flags uint64) unsafe.Pointer

//go:extern bpf_ringbuf_submit
func bpfRingbufSubmit(record unsafe.Pointer, flags uint64)

//go:extern bpf_ktime_get_ns
func bpfKtimeGetNs() uint64

//bpf:section tracepoint/syscalls/sys_enter_getpgid
//export leaks
func leaks(ctx unsafe.Pointer) int32 {
	record := (*uint64)(bpfRingbufReserve(unsafe.Pointer(&events), 8, 0))
	if record == nil {
		return 0
	}
	*record = bpfKtimeGetNs()
	if *record == 1 {
		return 0
	}
	bpfRingbufSubmit(unsafe.Pointer(record), 0)
	return 0
}
