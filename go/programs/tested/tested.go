// Package tested limits how many new connections a process may make: after the first 20 it gets
// EPERM. Its Go test runs without a kernel and without root.
package tested

import "tinybpf/ebpf"

var limit uint32 = 20

// A Blocked is a connection that was not allowed.
type Blocked struct {
	PID  uint32
	Addr ebpf.IPv4Addr
	Port uint16
	_    [2]byte
}

var (
	made    = ebpf.LRUHash[uint32, uint32]{MaxEntries: 10240}
	blocked = ebpf.RingBuf[Blocked]{MaxEntries: 1 << 16}
)

//bpf:section cgroup/connect4
func limitConnects(ctx *ebpf.SockAddr) ebpf.Verdict {
	if ctx.UserIP4.IsLoopback() {
		return ebpf.Allow
	}
	n := made.LookupOrZero(ebpf.PID())
	if n == nil {
		return ebpf.Allow
	}
	if *n >= limit {
		blocked.Output(&Blocked{PID: ebpf.PID(), Addr: ctx.UserIP4, Port: ctx.Port()})
		return ebpf.Deny
	}
	*n++
	return ebpf.Allow
}
