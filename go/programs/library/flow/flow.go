// Package flow tells the two ends of a packet: a library that several programs share.
package flow

import "tinybpf/ebpf"

// A Flow is one direction between two ports.
type Flow struct {
	Src, Dst         ebpf.IPv4Addr
	SrcPort, DstPort ebpf.BE16
	Protocol         uint8
	_                [3]byte
}

// Of tells the flow that a packet belongs to, and false where it is neither TCP nor UDP over
// IPv4. The ports of both are in the same place.
func Of[C ebpf.PacketContext](ctx C, flow *Flow) bool {
	eth := ebpf.Header[ebpf.Ethernet](ctx, 0)
	if eth == nil || eth.Type.Uint16() != ebpf.EtherTypeIPv4 {
		return false
	}
	ip := ebpf.Header[ebpf.IPv4](ctx, ebpf.EthernetLen)
	if ip == nil || ip.HeaderLen() < ebpf.IPv4Len || ip.IsFragment() {
		return false
	}
	if ip.Protocol != ebpf.ProtoTCP && ip.Protocol != ebpf.ProtoUDP {
		return false
	}
	ports := ebpf.Header[ebpf.UDP](ctx, ebpf.EthernetLen+ip.HeaderLen())
	if ports == nil {
		return false
	}
	*flow = Flow{
		Src: ip.Src, Dst: ip.Dst, SrcPort: ports.SrcPort, DstPort: ports.DstPort, Protocol: ip.Protocol,
	}
	return true
}
