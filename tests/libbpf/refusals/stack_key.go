// Refused: the key of the map is larger than the variable.
package bpf

import (
	"tinybpf/ebpf"
	"unsafe"
)

type Key struct{ A, B uint64 }

var counts = ebpf.Hash[Key, uint64]{MaxEntries: 16}

//bpf:section tracepoint/syscalls/sys_enter_getpgid
func reads(ctx *ebpf.SysEnter) int32 {
	pid := ebpf.PID()
	p := (*uint64)(ebpf.MapLookupElem(&counts, unsafe.Pointer(&pid)))
	if p == nil {
		return 0
	}
	return int32(*p)
}
