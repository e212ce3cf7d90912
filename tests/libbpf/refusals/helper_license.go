// Refused: reading user memory is for programs under the GPL.
package bpf

import (
	"tinybpf/ebpf"
	"unsafe"
)

//bpf:license Proprietary

//bpf:section tracepoint/syscalls/sys_enter_write
func reads(ctx *ebpf.SysEnter) int32 {
	var b byte
	ebpf.ProbeReadUser(unsafe.Pointer(&b), 1, ctx.Args[1])
	return int32(b)
}
