package main

import "unsafe"

type bpfMapDef struct{ Type, KeySize, ValueSize, MaxEntries uint32 }

type holder struct{ p *int32 }

var m = bpfMapDef{Type: 2, KeySize: 4, ValueSize: 8, MaxEntries: 1}
var kept *int32
var window []int32
var inside struct{ h [2]holder }

//go:extern bpf_map_lookup_elem
func lookup(m, key unsafe.Pointer) unsafe.Pointer

//go:extern bpf_map_update_elem
func update(m, key, value unsafe.Pointer, flags uint64) int64

func (h *holder) set() {
	n := int32(1)
	h.p = &n
}

func result(to **int32) (n int32) {
	*to = &n
	return 1
}

func element(to []*int32) {
	n := int32(1)
	to[0] = &n
}

func byCopy(to []*int32) {
	n := int32(1)
	from := [1]*int32{&n}
	copy(to, from[:])
}

func whole(to *holder) {
	n := int32(1)
	h := holder{&n}
	*to = h
}

func lend(p *int32) int32 { return *p }

//export prog
//bpf:section syscall
func prog(ctx unsafe.Pointer) int32 {
	var n int32
	var a [4]int32
	kept = &n
	window = a[1:3]
	inside.h[1].p = &n
	v := (**int32)(lookup(unsafe.Pointer(&m), unsafe.Pointer(&n)))
	if v == nil {
		return 0
	}
	*v = &n
	*(**int32)(ctx) = &n
	h := holder{&n}
	update(unsafe.Pointer(&m), unsafe.Pointer(&n), unsafe.Pointer(&h), 0)
	h.set()
	whole(&h)
	var p *int32
	result(&p)
	var ps [2]*int32
	element(ps[:])
	byCopy(ps[:])
	return *p + *ps[0] + lend(&n)
}
