// Package bpf keeps the processes of a cgroup from connecting to some ports: the connect fails with
// EPERM, and is reported.
package bpf

import (
	"sync/atomic"

	"tinybpf/ebpf"
)

// A Family is the kind of an address.
type Family uint32

const (
	INET  Family = ebpf.AFInet
	INET6 Family = ebpf.AFInet6
)

// A Denied is a connection that was not allowed.
type Denied struct {
	PID    uint32
	Family Family
	Addr4  ebpf.IPv4Addr // where Family is INET
	Addr6  ebpf.IPv6Addr // where Family is INET6
	Port   uint32
	Comm   ebpf.Comm
}

var (
	// blocked counts the attempts to connect to each port that must not be connected to.
	blocked = ebpf.Hash[uint16, uint64]{MaxEntries: 1024}
	denied  = ebpf.RingBuf[Denied]{MaxEntries: 1 << 16}
)

// A guard rather blocks too much than too little: it denies where it panics.
//
//bpf:section cgroup/connect4
//bpf:onpanic 0
func connect4(ctx *ebpf.SockAddr) ebpf.Verdict {
	port := ctx.Port()
	if mayConnect(port) {
		return ebpf.Allow
	}
	report(&Denied{Family: INET, Addr4: ctx.UserIP4, Port: uint32(port)})
	return ebpf.Deny
}

//bpf:section cgroup/connect6
//bpf:onpanic 0
func connect6(ctx *ebpf.SockAddr) ebpf.Verdict {
	port := ctx.Port()
	if mayConnect(port) {
		return ebpf.Allow
	}
	report(&Denied{Family: INET6, Addr6: ctx.UserIP6, Port: uint32(port)})
	return ebpf.Deny
}

func mayConnect(port uint16) bool {
	attempts := blocked.Lookup(port)
	if attempts == nil {
		return true
	}
	atomic.AddUint64(attempts, 1)
	return false
}

func report(d *Denied) {
	d.PID = ebpf.PID()
	ebpf.CurrentComm(&d.Comm)
	denied.Output(d)
}
