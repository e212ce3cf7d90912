// Package several has programs of three kinds in one object, with a map between them: a process
// that connects to an address is remembered, and packets from that address are counted and marked.
package several

import (
	"sync/atomic"

	"tinybpf/ebpf"
)

// A Peer is an address that a process of this machine connected to.
type Peer struct {
	PID     uint32
	Port    uint16
	_       [2]byte
	Packets uint64
}

var peers = ebpf.LRUHash[ebpf.IPv4Addr, Peer]{MaxEntries: 4096}

var exits = ebpf.Array[uint64]{MaxEntries: 1}

//bpf:section cgroup/connect4
func remember(ctx *ebpf.SockAddr) ebpf.Verdict {
	peers.Update(ctx.UserIP4, Peer{PID: ebpf.PID(), Port: ctx.Port()})
	return ebpf.Allow
}

//bpf:section tcx/ingress
func mark(ctx *ebpf.SKB) ebpf.TCAction {
	if ctx.Protocol() != ebpf.EtherTypeIPv4 {
		return ebpf.TCUnspec
	}
	ip := ebpf.Header[ebpf.IPv4](ctx, ebpf.EthernetLen)
	if ip == nil {
		return ebpf.TCUnspec
	}
	if peer := peers.Lookup(ip.Src); peer != nil {
		atomic.AddUint64(&peer.Packets, 1)
		ctx.Mark = peer.PID
	}
	return ebpf.TCUnspec
}

//bpf:section raw_tracepoint/sched_process_exit
func ended(ctx *ebpf.RawTracepoint) int32 {
	if n := exits.Lookup(0); n != nil {
		atomic.AddUint64(n, 1)
	}
	return 0
}
