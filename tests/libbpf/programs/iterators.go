// Iterators over the entries of a map, and over cgroups.
package main

import "unsafe"

type bpfMapDef struct {
	Type       uint32
	KeySize    uint32
	ValueSize  uint32
	MaxEntries uint32
	MapFlags   uint32
}

var numbers = bpfMapDef{Type: 1, KeySize: 4, ValueSize: 8, MaxEntries: 16}
var small = bpfMapDef{Type: 1, KeySize: 4, ValueSize: 4, MaxEntries: 16}
var ring = bpfMapDef{Type: 27, MaxEntries: 4096}

type meta struct {
	Seq uintptr
}

type element struct {
	Meta  *meta
	Map   uintptr
	Key   *uint32
	Value *uint64
}

type inCgroup struct {
	Meta   *meta
	Cgroup uintptr
}

type pair struct {
	Key   uint64
	Value uint64
}

//go:extern bpf_seq_write
func bpfSeqWrite(seq unsafe.Pointer, data unsafe.Pointer, size uint32) int64

//bpf:section iter/bpf_map_elem
//export elements
func elements(ctx *element) int32 {
	if ctx.Key == nil || ctx.Value == nil {
		return 0
	}
	found := pair{Key: uint64(*ctx.Key), Value: *ctx.Value}
	bpfSeqWrite(unsafe.Pointer(ctx.Meta.Seq), unsafe.Pointer(&found), 16)
	return 0
}

//bpf:section iter/cgroup
//export cgroups
func cgroups(ctx *inCgroup) int32 {
	line := [7]byte{'c', 'g', 'r', 'o', 'u', 'p', '\n'}
	if ctx.Cgroup != 0 {
		bpfSeqWrite(unsafe.Pointer(ctx.Meta.Seq), unsafe.Pointer(&line), 7)
	}
	return 0
}
