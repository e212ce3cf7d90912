// Refused: sixteen bytes are written into an array of eight.
package bpf

import (
	"tinybpf/ebpf"
	"unsafe"
)

//bpf:section tracepoint/syscalls/sys_enter_getpgid
func reads(ctx *ebpf.SysEnter) int32 {
	var name [8]byte
	ebpf.GetCurrentComm(unsafe.Pointer(&name), 16)
	return int32(name[0])
}
