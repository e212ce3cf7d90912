// Package bpf drops packets from blocked networks before the network stack sees them, and counts
// them.
package bpf

import (
	"sync/atomic"

	"tinybpf/ebpf"
)

// blocked has the networks that no packet is taken from, and counts the packets dropped of each.
// User space adds and removes networks while the program runs.
var blocked = ebpf.LPMTrie[ebpf.IPv4Addr, uint64]{MaxEntries: 1024}

//bpf:section xdp
func filter(ctx *ebpf.XDP) ebpf.XDPAction {
	eth := ebpf.Header[ebpf.Ethernet](ctx, 0)
	if eth == nil {
		return ebpf.XDPPass
	}
	kind, network := eth.Type.Uint16(), uint32(ebpf.EthernetLen)
	if kind == ebpf.EtherTypeVLAN {
		vlan := ebpf.Header[ebpf.VLAN](ctx, network)
		if vlan == nil {
			return ebpf.XDPPass
		}
		kind, network = vlan.Type.Uint16(), network+ebpf.VLANLen
	}
	if kind != ebpf.EtherTypeIPv4 {
		return ebpf.XDPPass
	}
	ip := ebpf.Header[ebpf.IPv4](ctx, network)
	if ip == nil {
		return ebpf.XDPPass
	}
	dropped := blocked.Lookup(ip.Src)
	if dropped == nil {
		return ebpf.XDPPass
	}
	atomic.AddUint64(dropped, 1)
	return ebpf.XDPDrop
}
