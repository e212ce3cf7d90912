// Refused: the size is 0.
package bpf

import (
	"tinybpf/ebpf"
	"unsafe"
)

//bpf:section tracepoint/syscalls/sys_enter_getpgid
func prints(ctx *ebpf.SysEnter) int32 {
	var format [4]byte
	ebpf.TracePrintk(unsafe.Pointer(&format), 0, 1, 2, 3)
	return 0
}
