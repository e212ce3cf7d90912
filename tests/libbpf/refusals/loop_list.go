// Refused: a list in the kernel has no end that the verifier could know.
package bpf

import "tinybpf/ebpf"

type node struct {
	_    ebpf.KernelStruct `bpf:"task_struct"`
	Pid  int32             `bpf:"pid"`
	Next ebpf.Address      `bpf:"real_parent"`
}

//bpf:section tracepoint/syscalls/sys_enter_getpgid
func spins(ctx *ebpf.SysEnter) int32 {
	var n node
	at := ebpf.CurrentTask()
	depth := int32(0)
	for at != 0 {
		if ebpf.ReadKernel(&n, at) != 0 {
			break
		}
		depth++
		at = n.Next
	}
	return depth
}
