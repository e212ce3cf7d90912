package main

import "unsafe"

type bpfMapDef struct{ Type, KeySize, ValueSize, MaxEntries uint32 }

var m = bpfMapDef{Type: 1, KeySize: 4, ValueSize: 300, MaxEntries: 1}

//go:extern bpf_map_update_elem
func update(m, key, value unsafe.Pointer, flags uint64) int64

//export prog
//bpf:section syscall
func prog(ctx unsafe.Pointer) int32 {
	var first, second [300]byte
	key := uint32(0)
	update(unsafe.Pointer(&m), unsafe.Pointer(&key), unsafe.Pointer(&first), 0)
	update(unsafe.Pointer(&m), unsafe.Pointer(&key), unsafe.Pointer(&second), 0)
	update(unsafe.Pointer(&m), unsafe.Pointer(&key), unsafe.Pointer(&first), 0)
	return 0
}
