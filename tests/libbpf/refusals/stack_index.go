// Refused: a local array is indexed by a number of any size.
package bpf

import (
	"tinybpf/ebpf"
	"unsafe"
)

//bpf:section tracepoint/syscalls/sys_enter_getpgid
func beyond(ctx *ebpf.SysEnter) int32 {
	var a [16]byte
	i := ebpf.GetPrandomU32()
	p := (*byte)(unsafe.Add(unsafe.Pointer(&a), i))
	*p = 1
	return int32(a[3])
}
