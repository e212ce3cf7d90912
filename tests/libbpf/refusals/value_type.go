// Refused: eight bytes are read where the value has ended.
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
	last := (*uint64)(unsafe.Add(unsafe.Pointer(v), 16))
	return int32(*last)
}
