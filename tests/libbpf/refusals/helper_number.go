// Refused: a number is passed where memory is asked for.
package bpf

import (
	"tinybpf/ebpf"
	"unsafe"
)

//bpf:section tracepoint/syscalls/sys_enter_getpgid
func wrong(ctx *ebpf.SysEnter) int32 {
	ebpf.GetCurrentComm(unsafe.Pointer(uintptr(ebpf.KtimeGetNs())), 16)
	return 0
}
