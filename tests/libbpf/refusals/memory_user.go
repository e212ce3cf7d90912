// Refused: the process's memory is read as if it were the program's.
package bpf

import (
	"tinybpf/ebpf"
	"unsafe"
)

//bpf:section tracepoint/syscalls/sys_enter_write
func reads(ctx *ebpf.SysEnter) int32 {
	text := (*byte)(unsafe.Pointer(uintptr(ctx.Args[1])))
	return int32(*text)
}
