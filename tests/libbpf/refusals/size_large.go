// Refused: the size may be twice that of the variable.
package bpf

import (
	"tinybpf/ebpf"
	"unsafe"
)

//bpf:section tracepoint/syscalls/sys_enter_write
func reads(ctx *ebpf.SysEnter) int32 {
	var buf [64]byte
	n := uint32(ctx.Args[2])
	if n > 128 {
		n = 128
	}
	ebpf.ProbeReadUser(unsafe.Pointer(&buf), n, ctx.Args[1])
	return int32(buf[0])
}
