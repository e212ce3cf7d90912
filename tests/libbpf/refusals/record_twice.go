// Refused: a record is submitted twice.
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
	events.Submit(e)
	events.Submit(e)
	return 0
}
