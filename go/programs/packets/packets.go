// Package packets drops UDP packets to one port before the network stack sees them, IPv4 options
// or not, and lets everything else pass.
package packets

import "tinybpf/ebpf"

var port uint16 = 9999

//bpf:section xdp
func dropPort(ctx *ebpf.XDP) ebpf.XDPAction {
	eth := ebpf.Header[ebpf.Ethernet](ctx, 0)
	if eth == nil || eth.Type.Uint16() != ebpf.EtherTypeIPv4 {
		return ebpf.XDPPass
	}
	ip := ebpf.Header[ebpf.IPv4](ctx, ebpf.EthernetLen)
	if ip == nil || ip.HeaderLen() < ebpf.IPv4Len || ip.Protocol != ebpf.ProtoUDP || ip.IsFragment() {
		return ebpf.XDPPass
	}
	udp := ebpf.Header[ebpf.UDP](ctx, ebpf.EthernetLen+ip.HeaderLen())
	if udp == nil || udp.DstPort.Uint16() != port {
		return ebpf.XDPPass
	}
	return ebpf.XDPDrop
}
