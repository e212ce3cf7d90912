// Refused: nothing but what is in a map ends the loop.
package bpf

import "tinybpf/ebpf"

var limits = ebpf.Array[uint32]{MaxEntries: 1}

//bpf:section tracepoint/syscalls/sys_enter_getpgid
func spins(ctx *ebpf.SysEnter) int32 {
	for {
		p := limits.Lookup(0)
		if p == nil || *p > 3 {
			return 0
		}
		if ebpf.GetPrandomU32() == 1 {
			break
		}
	}
	return 0
}
