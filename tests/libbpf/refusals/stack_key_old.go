// Refused: the same in the established dialect.
package main

import "unsafe"

type bpfMapDef struct {
	Type       uint32
	KeySize    uint32
	ValueSize  uint32
	MaxEntries uint32
}

type key struct {
	pid uint32
	uid uint32
}

var counts = bpfMapDef{Type: 1, KeySize: 8, ValueSize: 8, MaxEntries: 16}

//go:extern bpf_map_lookup_elem
func bpfMapLookupElem(m, key unsafe.Pointer) unsafe.Pointer

//go:extern bpf_get_current_pid_tgid
func bpfGetCurrentPidTgid() uint64

//bpf:section tracepoint/syscalls/sys_enter_getpgid
//export count
func count(ctx unsafe.Pointer) int32 {
	pid := uint32(bpfGetCurrentPidTgid())
	n := (*uint64)(bpfMapLookupElem(unsafe.Pointer(&counts), unsafe.Pointer(&pid)))
	if n != nil {
		*n++
	}
	return 0
}
