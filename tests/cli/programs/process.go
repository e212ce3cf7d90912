// Counts calls of libc's getpgid and ticks of a clock, by process.
package main

import "unsafe"

type bpfMapDef struct {
	Type       uint32
	KeySize    uint32
	ValueSize  uint32
	MaxEntries uint32
	MapFlags   uint32
}

var calls = bpfMapDef{Type: 1, KeySize: 4, ValueSize: 8, MaxEntries: 1024}

var ticks = bpfMapDef{Type: 1, KeySize: 4, ValueSize: 8, MaxEntries: 1024}

//go:extern bpf_get_current_pid_tgid
func bpfGetCurrentPidTgid() uint64

//go:extern bpf_map_lookup_elem
func bpfMapLookupElem(m unsafe.Pointer, key unsafe.Pointer) unsafe.Pointer

//go:extern bpf_map_update_elem
func bpfMapUpdateElem(m unsafe.Pointer, key unsafe.Pointer, value unsafe.Pointer, flags uint64) int64

func count(m unsafe.Pointer) {
	pid, one := uint32(bpfGetCurrentPidTgid()>>32), uint64(1)
	if found := (*uint64)(bpfMapLookupElem(m, unsafe.Pointer(&pid))); found != nil {
		*found++
		return
	}
	bpfMapUpdateElem(m, unsafe.Pointer(&pid), unsafe.Pointer(&one), 0)
}

//bpf:section uprobe/libc.so.6:getpgid
//export on_call
func on_call(ctx unsafe.Pointer) int32 {
	count(unsafe.Pointer(&calls))
	return 0
}

//bpf:section perf_event
//export on_tick
func on_tick(ctx unsafe.Pointer) int32 {
	count(unsafe.Pointer(&ticks))
	return 0
}

func main() {}
