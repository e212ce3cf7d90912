package same

import "tinybpf/ebpf"

//bpf:section xdp
func headers(ctx *ebpf.XDP) ebpf.XDPAction {
	eth := ebpf.Header[ebpf.Ethernet](ctx, 0)
	if eth == nil {
		put(-1)
		return ebpf.XDPAborted
	}
	put(int64(eth.Type.Uint16()))
	eth.Src, eth.Dst = eth.Dst, eth.Src
	next := uint32(ebpf.EthernetLen)
	kind := eth.Type.Uint16()
	if kind == ebpf.EtherTypeVLAN {
		tag := ebpf.Header[ebpf.VLAN](ctx, next)
		if tag == nil {
			put(-2)
			return ebpf.XDPAborted
		}
		put(int64(tag.ID()))
		kind = tag.Type.Uint16()
		next += ebpf.VLANLen
	}
	switch kind {
	case ebpf.EtherTypeIPv4:
		return ipv4(ctx, next)
	case ebpf.EtherTypeIPv6:
		return ipv6(ctx, next)
	case ebpf.EtherTypeARP:
		if arp := ebpf.Header[ebpf.ARP](ctx, next); arp != nil {
			put(int64(arp.Operation.Uint16()))
			put(int64(arp.SenderIP().Uint32()))
			put(int64(arp.TargetIP().Uint32()))
		}
		return ebpf.XDPDrop
	}
	return ebpf.XDPPass
}

// peers has addresses of both families.
var peers = ebpf.Hash[ebpf.IPv6Addr, uint32]{MaxEntries: 16}

func ipv4(ctx *ebpf.XDP, next uint32) ebpf.XDPAction {
	ip := ebpf.Header[ebpf.IPv4](ctx, next)
	if ip == nil {
		put(-4)
		return ebpf.XDPAborted
	}
	put(int64(ip.HeaderLen()))
	put(int64(ip.TotalLen.Uint16()))
	put(int64(ip.Src.Uint32()))
	if ip.Src.In(ebpf.IPv4Of(192, 0, 2, 0), 24) {
		put(24)
	}
	peers.Update(ip.Src.To6(), uint32(ip.TotalLen.Uint16()))
	if seen := peers.Lookup(ebpf.IPv6Of(0, 0, 0, 0, 0, 0xffff, 0xc000, 0x0201)); seen != nil {
		put(int64(*seen))
	}
	ip.TTL--
	return ports(ctx, next+ip.HeaderLen(), ip.Protocol)
}

func ipv6(ctx *ebpf.XDP, next uint32) ebpf.XDPAction {
	ip := ebpf.Header[ebpf.IPv6](ctx, next)
	if ip == nil {
		put(-6)
		return ebpf.XDPAborted
	}
	put(int64(ip.PayloadLen.Uint16()))
	if ip.Dst.IsLoopback() {
		put(1)
	}
	ip.HopLimit--
	return ports(ctx, next+ebpf.IPv6Len, ip.NextHeader)
}

func ports(ctx *ebpf.XDP, next uint32, protocol uint8) ebpf.XDPAction {
	switch protocol {
	case ebpf.ProtoTCP:
		tcp := ebpf.Header[ebpf.TCP](ctx, next)
		if tcp == nil {
			put(-7)
			return ebpf.XDPAborted
		}
		put(int64(tcp.Flags))
		put(int64(tcp.HeaderLen()))
		tcp.Seq = ebpf.NewBE32(0x01020304)
	case ebpf.ProtoUDP:
		udp := ebpf.Header[ebpf.UDP](ctx, next)
		if udp == nil {
			put(-8)
			return ebpf.XDPAborted
		}
		put(int64(udp.DstPort.Uint16()))
		put(int64(udp.Len.Uint16()))
		udp.SrcPort, udp.DstPort = udp.DstPort, ebpf.NewBE16(7)
	case ebpf.ProtoICMP, ebpf.ProtoICMPv6:
		icmp := ebpf.Header[ebpf.ICMP](ctx, next)
		if icmp == nil {
			put(-9)
			return ebpf.XDPAborted
		}
		put(int64(icmp.Type))
	}
	return ebpf.XDPTX
}

var slots = ebpf.Array[ebpf.Histogram]{MaxEntries: 1}

// measure counts numbers of all lengths, and writes down which slot each came to.
//
//bpf:section xdp
func measure(ctx *ebpf.XDP) ebpf.XDPAction {
	h := slots.Lookup(0)
	if h == nil {
		return ebpf.XDPAborted
	}
	for i := range 64 {
		h.Add(1 << i)
		h.Add(1<<i - 1)
	}
	for i := range 64 {
		put(int64(h.Slots[i]))
	}
	return ebpf.XDPPass
}
