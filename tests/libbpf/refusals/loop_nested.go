// Refused: four million turns are too many to walk.
package bpf

import "tinybpf/ebpf"

var table [256]uint32

//bpf:section tracepoint/syscalls/sys_enter_getpgid
func spins(ctx *ebpf.SysEnter) int32 {
	sum := uint32(0)
	for i := uint32(0); i < 2000; i++ {
		for j := uint32(0); j < 2000; j++ {
			sum += table[(i*j+sum)&255]
		}
	}
	return int32(sum)
}
