// Refused: n comes from memory and nothing bounds the loop.
package bpf

import "tinybpf/ebpf"

var seed uint64

//bpf:section tracepoint/syscalls/sys_enter_getpgid
func spins(ctx *ebpf.SysEnter) int32 {
	n := seed
	for n != 7 {
		n = n*3 + 1
	}
	return int32(n)
}
