// Refused: the size comes from user space.
package bpf

import (
	"tinybpf/ebpf"
	"unsafe"
)

//bpf:section tracepoint/syscalls/sys_enter_write
func reads(ctx *ebpf.SysEnter) int32 {
	var buf [64]byte
	n := uint32(ctx.Args[2])
	ebpf.ProbeReadUser(unsafe.Pointer(&buf), n, ctx.Args[1])
	return int32(buf[0])
}
