// Refused: no kernel has such a field.
package bpf

import "tinybpf/ebpf"

type task struct {
	_      ebpf.KernelStruct `bpf:"task_struct"`
	Parent ebpf.Address      `bpf:"real_parentt"`
}

//bpf:section tracepoint/syscalls/sys_enter_getpgid
func parent(ctx *ebpf.SysEnter) int32 {
	var t task
	if ebpf.ReadKernel(&t, ebpf.CurrentTask()) != 0 {
		return 0
	}
	return int32(t.Parent)
}
