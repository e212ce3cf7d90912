// Refused: tracepoints must not wait for a lock.
package bpf

import "tinybpf/ebpf"

type Value struct {
	Lock ebpf.SpinLock
	N    uint64
}

var values = ebpf.Array[Value]{MaxEntries: 1}

//bpf:section tracepoint/syscalls/sys_enter_getpgid
func holds(ctx *ebpf.SysEnter) int32 {
	v := values.Lookup(0)
	if v == nil {
		return 0
	}
	v.Lock.Lock()
	v.N++
	v.Lock.Unlock()
	return 0
}
