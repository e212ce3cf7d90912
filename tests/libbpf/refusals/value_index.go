// Refused: the index may be 7, and the value has four elements.
package bpf

import (
	"tinybpf/ebpf"
	"unsafe"
)

type Value struct{ A [4]uint32 }

var values = ebpf.Array[Value]{MaxEntries: 1}

//bpf:section tracepoint/syscalls/sys_enter_getpgid
func beyond(ctx *ebpf.SysEnter) int32 {
	v := values.Lookup(0)
	if v == nil {
		return 0
	}
	i := ebpf.GetPrandomU32() & 7
	word := (*uint32)(unsafe.Add(unsafe.Pointer(v), i*4))
	return int32(*word)
}
