// Refused: the verifier walks each of the ten million turns.
package bpf

import "tinybpf/ebpf"

//bpf:section tracepoint/syscalls/sys_enter_getpgid
func spins(ctx *ebpf.SysEnter) int32 {
	sum := uint64(0)
	for i := uint64(0); i < 10_000_000; i++ {
		sum ^= i * ebpf.KtimeGetNs()
	}
	return int32(sum & 3)
}
