// Refused: each turn of the loop leaves a branch to come back to.
package bpf

import "tinybpf/ebpf"

//bpf:section tracepoint/syscalls/sys_enter_getpgid
func spins(ctx *ebpf.SysEnter) int32 {
	sum := uint64(0)
	for i := uint64(0); i < 20000; i++ {
		if ebpf.GetPrandomU32()&1 == 0 {
			sum += i
		}
	}
	return int32(sum & 3)
}
