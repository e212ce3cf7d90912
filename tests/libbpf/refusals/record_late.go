// Refused: a record is written after it was submitted.
package bpf

import "tinybpf/ebpf"

type Event struct{ A uint64 }

var events = ebpf.RingBuf[Event]{MaxEntries: 4096}

//bpf:section tracepoint/syscalls/sys_enter_getpgid
func late(ctx *ebpf.SysEnter) int32 {
	e := events.Reserve()
	if e == nil {
		return 0
	}
	e.A = 1
	events.Submit(e)
	e.A = 2
	return 0
}
