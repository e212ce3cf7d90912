// Refused: a record is neither submitted nor discarded on one way.
package bpf

import "tinybpf/ebpf"

type Event struct{ A uint64 }

var events = ebpf.RingBuf[Event]{MaxEntries: 4096}

//bpf:section tracepoint/syscalls/sys_enter_getpgid
func leaks(ctx *ebpf.SysEnter) int32 {
	e := events.Reserve()
	if e == nil {
		return 0
	}
	e.A = ebpf.KtimeGetNs()
	if e.A&1 == 0 {
		return 0
	}
	events.Submit(e)
	return 0
}
