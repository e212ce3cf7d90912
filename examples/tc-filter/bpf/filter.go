// Package bpf drops packets that this machine sends to blocked services, and reports each.
package bpf

import (
	"sync/atomic"

	"tinybpf/ebpf"
)

// A Protocol is the number of a protocol over IP.
type Protocol uint8

const (
	TCP Protocol = ebpf.ProtoTCP
	UDP Protocol = ebpf.ProtoUDP
)

// A Service is a port of a protocol.
type Service struct {
	Port     uint16
	Protocol Protocol
	_        uint8
}

// A Drop is a packet that was dropped.
type Drop struct {
	To  Service
	Len uint32 `show:"bytes"`
}

var (
	// blocked counts the packets dropped of each service that nothing is sent to.
	blocked = ebpf.Hash[Service, uint64]{MaxEntries: 1024}
	drops   = ebpf.RingBuf[Drop]{MaxEntries: 1 << 16}
)

//bpf:section tcx/egress
func filter(ctx *ebpf.SKB) ebpf.TCAction {
	var to Service
	if !destination(ctx, &to) {
		return ebpf.TCUnspec // the next program decides
	}
	dropped := blocked.Lookup(to)
	if dropped == nil {
		return ebpf.TCUnspec
	}
	atomic.AddUint64(dropped, 1)
	drops.Output(&Drop{To: to, Len: ctx.Len})
	return ebpf.TCShot
}

// destination finds the service that a packet goes to; false where it goes to none.
func destination(ctx *ebpf.SKB, to *Service) bool {
	var offset uint32
	switch ctx.Protocol() {
	case ebpf.EtherTypeIPv4:
		ip := ebpf.Header[ebpf.IPv4](ctx, ebpf.EthernetLen)
		if ip == nil || ip.IsFragment() {
			return false
		}
		to.Protocol, offset = Protocol(ip.Protocol), ebpf.EthernetLen+ip.HeaderLen()
	case ebpf.EtherTypeIPv6:
		ip := ebpf.Header[ebpf.IPv6](ctx, ebpf.EthernetLen)
		if ip == nil {
			return false
		}
		to.Protocol, offset = Protocol(ip.NextHeader), ebpf.EthernetLen+ebpf.IPv6Len
	default:
		return false
	}
	if to.Protocol != TCP && to.Protocol != UDP {
		return false
	}
	ports := ebpf.Header[ebpf.UDP](ctx, offset) // TCP has its ports in the same place
	if ports == nil {
		return false
	}
	to.Port = ports.DstPort.Uint16()
	return true
}
