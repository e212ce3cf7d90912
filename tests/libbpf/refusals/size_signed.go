// Refused: the size was compared, but may be negative.
package bpf

import (
	"tinybpf/ebpf"
	"unsafe"
)

//bpf:section tracepoint/syscalls/sys_enter_write
func reads(ctx *ebpf.SysEnter) int32 {
	var buf [64]byte
	n := int64(ctx.Args[2])
	if n > 64 {
		return 0
	}
	ebpf.GetStack(ctx, unsafe.Pointer(&buf), uint32(n), 0)
	return int32(buf[0])
}
