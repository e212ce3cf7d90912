package main

import "unsafe"

type bpfMapDef struct {
	Type, KeySize, ValueSize, MaxEntries, MapFlags, Pinning uint32
}

type bpfMapDefWrong struct {
	Type, KeySize, ValueSize, MaxEntry uint32
}

const hash, array, ringbuf, lpm = 1, 2, 27, 11

func size() uint32 { return uint32(ktime()) }

var (
	noType    bpfMapDef
	badType   = bpfMapDef{Type: 99, KeySize: 4, ValueSize: 8, MaxEntries: 1}
	noKey     = bpfMapDef{Type: hash, ValueSize: 8, MaxEntries: 1}
	noValue   = bpfMapDef{Type: hash, KeySize: 4, MaxEntries: 1}
	noEntries = bpfMapDef{Type: hash, KeySize: 4, ValueSize: 8}
	wideKey   = bpfMapDef{Type: array, KeySize: 8, ValueSize: 8, MaxEntries: 1}
	ringKey   = bpfMapDef{Type: ringbuf, KeySize: 4, MaxEntries: 4096}
	ringSize  = bpfMapDef{Type: ringbuf}
	trie      = bpfMapDef{Type: lpm, KeySize: 8, ValueSize: 8, MaxEntries: 1}
	pinned    = bpfMapDef{Type: hash, KeySize: 4, ValueSize: 8, MaxEntries: 1, Pinning: 3}
	field     = bpfMapDefWrong{hash, 4, 8, 1}
	computed  = bpfMapDef{Type: hash, KeySize: size(), ValueSize: 8, MaxEntries: 1}
)

//go:extern bpf_ktime_get_ns
func ktime() uint64

//export prog
//bpf:section syscall
func prog(ctx unsafe.Pointer) int32 { return 0 }
