// Refused: sixteen bytes are written into a value of eight.
package bpf

import (
	"tinybpf/ebpf"
	"unsafe"
)

var words = ebpf.Array[[8]byte]{MaxEntries: 1}

//bpf:section tracepoint/syscalls/sys_enter_getpgid
func small(ctx *ebpf.SysEnter) int32 {
	v := words.Lookup(0)
	if v == nil {
		return 0
	}
	ebpf.GetCurrentComm(unsafe.Pointer(v), 16)
	return 0
}
