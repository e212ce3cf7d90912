// Package bpf reports each connect() to an IPv4 or IPv6 address: who connects, and where to.
package bpf

import "tinybpf/ebpf"

// A Family is the kind of an address.
type Family uint16

const (
	INET  Family = ebpf.AFInet
	INET6 Family = ebpf.AFInet6
)

// A Connection is what user space gets.
type Connection struct {
	PID    uint32
	Family Family
	Port   ebpf.BE16
	Addr4  ebpf.IPv4Addr // where Family is INET
	Addr6  ebpf.IPv6Addr // where Family is INET6
	Comm   ebpf.Comm
}

// A sockaddr is the beginning of the kernel's struct sockaddr_in, and of sockaddr_in6.
type sockaddr struct {
	Family Family
	Port   ebpf.BE16
	Addr4  ebpf.IPv4Addr // sockaddr_in only
}

const sockaddr6Addr = 8 // where sockaddr_in6 has its address

var connections = ebpf.RingBuf[Connection]{MaxEntries: 1 << 18}

//bpf:section tracepoint/syscalls/sys_enter_connect
func connect(ctx *ebpf.SysEnter) int32 {
	at := ctx.Args[1]
	var to sockaddr
	if ebpf.ReadUser(&to, at) != 0 {
		return 0
	}
	c := Connection{PID: ebpf.PID(), Family: to.Family, Port: to.Port}
	switch to.Family {
	case INET:
		c.Addr4 = to.Addr4
	case INET6:
		if ebpf.ReadUser(&c.Addr6, at+sockaddr6Addr) != 0 {
			return 0
		}
	default:
		return 0
	}
	ebpf.CurrentComm(&c.Comm)
	connections.Output(&c)
	return 0
}
