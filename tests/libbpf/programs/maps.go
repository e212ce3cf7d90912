// Maps of several types, and a program that writes into them when it is called.
package main

import "unsafe"

type bpfMapDef struct {
	Type       uint32
	KeySize    uint32
	ValueSize  uint32
	MaxEntries uint32
	MapFlags   uint32
}

type pair struct {
	A uint32
	B int64
}

type xdpContext struct {
	Data    uint32
	DataEnd uint32
}

type request struct {
	Key   uint32
	Delta int32
	Sum   int64
}

var numbers = bpfMapDef{Type: 1, KeySize: 4, ValueSize: 8, MaxEntries: 100}
var pairs = bpfMapDef{Type: 2, KeySize: 4, ValueSize: 16, MaxEntries: 4}
var per_cpu = bpfMapDef{Type: 6, KeySize: 4, ValueSize: 4, MaxEntries: 2}
var per_cpu_hash = bpfMapDef{Type: 5, KeySize: 4, ValueSize: 8, MaxEntries: 8}
var raw = bpfMapDef{Type: 1, KeySize: 6, ValueSize: 3, MaxEntries: 8}

//go:extern bpf_map_lookup_elem
func bpfMapLookupElem(m unsafe.Pointer, key unsafe.Pointer) unsafe.Pointer

//go:extern bpf_map_update_elem
func bpfMapUpdateElem(m unsafe.Pointer, key unsafe.Pointer, value unsafe.Pointer, flags uint64) int64

// requestIn is what the packet holds; nil where it is too short.
func requestIn(ctx *xdpContext) *request {
	start, end := uintptr(ctx.Data), uintptr(ctx.DataEnd)
	if start+unsafe.Sizeof(request{}) > end {
		return nil
	}
	return (*request)(unsafe.Pointer(start))
}

//bpf:section xdp
//export add
func add(ctx *xdpContext) int32 {
	r := requestIn(ctx)
	if r == nil {
		return -2
	}
	key, zero := r.Key, uint32(0)
	sum := int64(r.Delta)
	old := (*int64)(bpfMapLookupElem(unsafe.Pointer(&numbers), unsafe.Pointer(&key)))
	if old != nil {
		sum += *old
	}
	if bpfMapUpdateElem(unsafe.Pointer(&numbers), unsafe.Pointer(&key), unsafe.Pointer(&sum), 0) < 0 {
		return -1
	}
	last := pair{A: key, B: sum}
	bpfMapUpdateElem(unsafe.Pointer(&pairs), unsafe.Pointer(&zero), unsafe.Pointer(&last), 0)
	calls := (*uint32)(bpfMapLookupElem(unsafe.Pointer(&per_cpu), unsafe.Pointer(&zero)))
	if calls != nil {
		*calls++
	}
	r.Sum = sum
	return 7
}

//bpf:section xdp
//export touch
func touch(ctx *xdpContext) int32 {
	r := requestIn(ctx)
	if r == nil {
		return -2
	}
	var key [6]byte
	var value [3]byte
	number, count := r.Key, uint64(1)
	bpfMapUpdateElem(unsafe.Pointer(&raw), unsafe.Pointer(&key), unsafe.Pointer(&value), 0)
	bpfMapUpdateElem(unsafe.Pointer(&per_cpu_hash), unsafe.Pointer(&number), unsafe.Pointer(&count), 0)
	return 0
}
