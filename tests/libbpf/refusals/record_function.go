// Refused: a function that stays one gives the record back and writes it.
package bpf

import "tinybpf/ebpf"

type Event struct{ A uint64 }

var events = ebpf.RingBuf[Event]{MaxEntries: 4096}

//go:noinline
func fill(e *Event, n uint64) {
	e.A = n
	events.Submit(e)
	e.A = 2
}

//bpf:section tracepoint/syscalls/sys_enter_getpgid
func late(ctx *ebpf.SysEnter) int32 {
	e := events.Reserve()
	if e == nil {
		return 0
	}
	fill(e, ebpf.KtimeGetNs())
	return 0
}
