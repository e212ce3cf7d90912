// Refused: the same in a function that stays one.
package bpf

import (
	"tinybpf/ebpf"
	"unsafe"
)

var values = ebpf.Array[[4]uint32]{MaxEntries: 1}

//go:noinline
func word(v *[4]uint32, i uint32) uint32 {
	return *(*uint32)(unsafe.Add(unsafe.Pointer(v), i*4))
}

//bpf:section tracepoint/syscalls/sys_enter_getpgid
func beyond(ctx *ebpf.SysEnter) int32 {
	v := values.Lookup(0)
	if v == nil {
		return 0
	}
	return int32(word(v, ebpf.GetPrandomU32()&7))
}
