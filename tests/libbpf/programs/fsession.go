// Counts the calls of a function of one process, at its begin and at its return.
package bpf

import "tinybpf/ebpf"

// target is the process that counts.
var target uint32

var calls uint64

//bpf:section fsession/vfs_fallocate
func onBoth(ctx ebpf.Context) int32 {
	if ebpf.PID() == target {
		calls++
	}
	return 0
}
