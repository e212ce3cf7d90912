// Refused: how often the loop turns is up to what is in a map.
package bpf

import "tinybpf/ebpf"

var limits = ebpf.Array[uint32]{MaxEntries: 1}

//bpf:section tracepoint/syscalls/sys_enter_getpgid
func spins(ctx *ebpf.SysEnter) int32 {
	p := limits.Lookup(0)
	if p == nil {
		return 0
	}
	n := *p
	sum := uint32(0)
	for i := uint32(0); i < n; i++ {
		sum += i ^ ebpf.GetPrandomU32()
	}
	return int32(sum)
}
