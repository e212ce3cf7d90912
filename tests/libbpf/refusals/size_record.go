// Refused: the size may be more than the record has.
package bpf

import (
	"tinybpf/ebpf"
	"unsafe"
)

type Event struct{ Text [64]byte }

var events = ebpf.RingBuf[Event]{MaxEntries: 4096}

//bpf:section tracepoint/syscalls/sys_enter_write
func reads(ctx *ebpf.SysEnter) int32 {
	e := events.Reserve()
	if e == nil {
		return 0
	}
	n := uint32(ctx.Args[2])
	if n >= 128 {
		n = 128
	}
	ebpf.ProbeReadUser(unsafe.Pointer(&e.Text), n, ctx.Args[1])
	events.Submit(e)
	return 0
}
