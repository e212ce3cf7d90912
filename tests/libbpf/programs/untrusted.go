// A program that puts a kernel pointer into a map, for which CAP_PERFMON is needed.
package main

import "unsafe"

type bpfMapDef struct{ Type, KeySize, ValueSize, MaxEntries, MapFlags uint32 }

var kept = bpfMapDef{Type: 2, KeySize: 4, ValueSize: 8, MaxEntries: 1}

//go:extern bpf_map_lookup_elem
func bpfMapLookupElem(m, key unsafe.Pointer) unsafe.Pointer

//bpf:section xdp
//export keep_pointer
func keep_pointer(ctx unsafe.Pointer) int32 {
	key := uint32(0)
	place := (*uint64)(bpfMapLookupElem(unsafe.Pointer(&kept), unsafe.Pointer(&key)))
	if place != nil {
		*place = uint64(uintptr(ctx))
	}
	return 2
}
