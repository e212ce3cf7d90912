// Refused: the kernel's memory is read as if it were the program's.
package bpf

import (
	"tinybpf/ebpf"
	"unsafe"
)

//bpf:section tracepoint/syscalls/sys_enter_getpgid
func reads(ctx *ebpf.SysEnter) int32 {
	task := (*uint32)(unsafe.Pointer(uintptr(ebpf.GetCurrentTask())))
	return int32(*task)
}
