// Refused: the pointer was converted, and leads to fewer bytes than its type has.
package bpf

import (
	"tinybpf/ebpf"
	"unsafe"
)

type Event struct{ A, B uint64 }

var events = ebpf.RingBuf[Event]{MaxEntries: 4096}

//bpf:section tracepoint/syscalls/sys_enter_getpgid
func reads(ctx *ebpf.SysEnter) int32 {
	var a uint64 = ebpf.KtimeGetNs()
	e := (*Event)(unsafe.Pointer(&a))
	events.Output(e)
	return 0
}
