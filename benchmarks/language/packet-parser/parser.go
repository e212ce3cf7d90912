// Package bpf takes a packet apart: VLAN tags, extension headers of IPv6 and options of TCP in loops,
// each header by a function of its own.
package bpf

import "tinybpf/ebpf"

// What was found in the packet that came last.
var (
	vlans    uint32
	protocol uint32
	payload  uint32
	mss      uint32
	ports    uint32
)

const (
	hopByHop    = 0
	routing     = 43
	fragment    = 44
	destination = 60

	optionEnd  = 0
	optionNop  = 1
	optionMSS  = 2
	mostTags   = 2
	mostExtras = 6
	mostOpts   = 10
)

type extension struct {
	Next, Len uint8
	_         [6]uint8
}

type option struct{ Kind, Len uint8 }

// A cursor is how far the packet has been read.
type cursor struct {
	ctx *ebpf.XDP
	at  uint32
}

// ethernet gives the protocol behind the Ethernet header and its tags.
func (c *cursor) ethernet() (kind uint16, ok bool) {
	eth := ebpf.Header[ebpf.Ethernet](c.ctx, 0)
	if eth == nil {
		return 0, false
	}
	kind, c.at = eth.Type.Uint16(), ebpf.EthernetLen
	for range mostTags {
		if kind != ebpf.EtherTypeVLAN {
			break
		}
		tag := ebpf.Header[ebpf.VLAN](c.ctx, c.at)
		if tag == nil {
			return 0, false
		}
		vlans++
		kind, c.at = tag.Type.Uint16(), c.at+ebpf.VLANLen
	}
	return kind, true
}

func (c *cursor) ipv4() (proto uint8, ok bool) {
	ip := ebpf.Header[ebpf.IPv4](c.ctx, c.at)
	if ip == nil || ip.HeaderLen() < ebpf.IPv4Len || ip.IsFragment() {
		return 0, false
	}
	c.at += ip.HeaderLen()
	return ip.Protocol, true
}

func (c *cursor) ipv6() (proto uint8, ok bool) {
	ip := ebpf.Header[ebpf.IPv6](c.ctx, c.at)
	if ip == nil {
		return 0, false
	}
	proto, c.at = ip.NextHeader, c.at+ebpf.IPv6Len
	for range mostExtras {
		switch proto {
		case hopByHop, routing, destination:
		case fragment:
			return 0, false
		default:
			return proto, true
		}
		more := ebpf.Header[extension](c.ctx, c.at)
		if more == nil {
			return 0, false
		}
		proto, c.at = more.Next, c.at+(uint32(more.Len)+1)*8
	}
	return 0, false
}

// options looks for the maximum segment size in the options, which end at end.
func (c *cursor) options(end uint32) uint32 {
	at := c.at
	for range mostOpts {
		if at >= end {
			break
		}
		o := ebpf.Header[option](c.ctx, at)
		if o == nil || o.Kind == optionEnd {
			break
		}
		if o.Kind == optionNop {
			at++
			continue
		}
		if o.Kind == optionMSS {
			if size := ebpf.Header[ebpf.BE16](c.ctx, at+2); size != nil {
				return uint32(size.Uint16())
			}
			break
		}
		if o.Len < 2 {
			break
		}
		at += uint32(o.Len)
	}
	return 0
}

func (c *cursor) tcp() {
	tcp := ebpf.Header[ebpf.TCP](c.ctx, c.at)
	if tcp == nil || tcp.HeaderLen() < ebpf.TCPLen {
		return
	}
	ports = uint32(tcp.SrcPort.Uint16())<<16 | uint32(tcp.DstPort.Uint16())
	end := c.at + tcp.HeaderLen()
	c.at += ebpf.TCPLen
	mss = c.options(end)
	c.at = end
}

func (c *cursor) udp() {
	udp := ebpf.Header[ebpf.UDP](c.ctx, c.at)
	if udp == nil {
		return
	}
	ports = uint32(udp.SrcPort.Uint16())<<16 | uint32(udp.DstPort.Uint16())
	c.at += ebpf.UDPLen
}

//bpf:section xdp
func parse(ctx *ebpf.XDP) ebpf.XDPAction {
	c := cursor{ctx: ctx}
	kind, ok := c.ethernet()
	if !ok {
		return ebpf.XDPDrop
	}
	var proto uint8
	switch kind {
	case ebpf.EtherTypeIPv4:
		proto, ok = c.ipv4()
	case ebpf.EtherTypeIPv6:
		proto, ok = c.ipv6()
	default:
		return ebpf.XDPPass
	}
	if !ok {
		return ebpf.XDPDrop
	}
	switch proto {
	case ebpf.ProtoTCP:
		c.tcp()
	case ebpf.ProtoUDP:
		c.udp()
	}
	protocol, payload = uint32(proto), c.at
	return ebpf.XDPPass
}
