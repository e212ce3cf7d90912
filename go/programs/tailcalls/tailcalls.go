// Package tailcalls splits a packet filter into one program for each IP protocol. User space puts
// the programs into the array at the numbers of their protocols; what has none passes.
package tailcalls

import (
	"sync/atomic"

	"tinybpf/ebpf"
)

var byProtocol = ebpf.ProgArray{MaxEntries: 256}

var pings = ebpf.Array[uint64]{MaxEntries: 1}

//bpf:section xdp
func dispatch(ctx *ebpf.XDP) ebpf.XDPAction {
	eth := ebpf.Header[ebpf.Ethernet](ctx, 0)
	if eth == nil || eth.Type.Uint16() != ebpf.EtherTypeIPv4 {
		return ebpf.XDPPass
	}
	if ip := ebpf.Header[ebpf.IPv4](ctx, ebpf.EthernetLen); ip != nil {
		byProtocol.TailCall(ctx, uint32(ip.Protocol))
	}
	return ebpf.XDPPass // no program for this protocol
}

//bpf:section xdp
func icmp(ctx *ebpf.XDP) ebpf.XDPAction {
	if n := pings.Lookup(0); n != nil {
		atomic.AddUint64(n, 1)
	}
	return ebpf.XDPDrop
}
