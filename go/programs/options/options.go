// Package options counts the files that each user opens. Its map has options: it makes room by
// itself, and outlives the program under /sys/fs/bpf/opens.
package options

import (
	"sync/atomic"

	"tinybpf/ebpf"
)

// A Key tells users and their programs apart.
type Key struct {
	UID  uint32
	Comm ebpf.Comm
}

var opens = ebpf.LRUHash[Key, uint64]{
	MaxEntries: 10240,
	Flags:      ebpf.NoCommonLRU,
	Pin:        ebpf.PinByName,
}

//bpf:section tracepoint/syscalls/sys_enter_openat
func countOpens(ctx *ebpf.SysEnter) int32 {
	key := Key{UID: ebpf.UID()}
	ebpf.CurrentComm(&key.Comm)
	if n := opens.LookupOrZero(key); n != nil {
		atomic.AddUint64(n, 1)
	}
	return 0
}
