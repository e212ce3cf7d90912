package main

import "unsafe"

type bpfMapDef struct{ Type, KeySize, ValueSize, MaxEntries uint32 }

var m = bpfMapDef{Type: 1, KeySize: 4, ValueSize: 8, MaxEntries: 1}
var several [2]bpfMapDef
var none *bpfMapDef
var number uint32

//go:extern bpf_map_lookup_elem
func lookup(m, key unsafe.Pointer) unsafe.Pointer

//go:extern bpf_map_delete_elem
func remove(m, key unsafe.Pointer) int64

func set(d *bpfMapDef) { d.MaxEntries = 3 }

//export prog
//bpf:section syscall
func prog(ctx unsafe.Pointer) int32 {
	key := unsafe.Pointer(&number)
	m.MaxEntries = 5
	m = bpfMapDef{}
	set(&m)
	n := m.MaxEntries
	local := bpfMapDef{Type: 1}
	lookup(unsafe.Pointer(&local), key)
	lookup(unsafe.Pointer(&several[1]), key)
	lookup(unsafe.Pointer(none), key)
	remove(key, key)
	remove(ctx, key)
	if lookup(unsafe.Pointer(&m), key) == nil {
		return 0
	}
	return int32(n)
}
