package main

import "unsafe"

type bpfMapDef struct{ Type, KeySize, ValueSize, MaxEntries uint32 }

var m = bpfMapDef{Type: 1, KeySize: 4, ValueSize: 400, MaxEntries: 1}

//go:extern bpf_map_update_elem
func update(m, key, value unsafe.Pointer, flags uint64) int64

//go:noinline
func inner(n uint32) int32 {
	var value [400]byte
	update(unsafe.Pointer(&m), unsafe.Pointer(&n), unsafe.Pointer(&value), 0)
	return int32(value[n%400])
}

//export prog
//bpf:section syscall
func prog(ctx unsafe.Pointer) int32 {
	var value [400]byte
	n := *(*uint32)(ctx)
	update(unsafe.Pointer(&m), unsafe.Pointer(&n), unsafe.Pointer(&value), 0)
	return inner(n) + int32(value[n%400])
}
