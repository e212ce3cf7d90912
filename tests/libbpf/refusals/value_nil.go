// Refused: what a lookup found, or not, is passed on.
package bpf

import (
	"tinybpf/ebpf"
	"unsafe"
)

var a = ebpf.Hash[uint32, uint64]{MaxEntries: 1}
var b = ebpf.Hash[uint32, uint64]{MaxEntries: 1}

//bpf:section tracepoint/syscalls/sys_enter_getpgid
func copies(ctx *ebpf.SysEnter) int32 {
	key := uint32(1)
	found := ebpf.MapLookupElem(&a, unsafe.Pointer(&key))
	ebpf.MapUpdateElem(&b, unsafe.Pointer(&key), found, 0)
	return 0
}
