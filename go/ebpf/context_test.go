package ebpf_test

import (
	"fmt"
	"net/netip"
	"testing"

	"tinybpf/ebpf"
	"tinybpf/ebpf/ebpftest"
)

var (
	one4 = netip.MustParseAddrPort("192.0.2.1:4711")
	two4 = netip.MustParseAddrPort("192.0.2.2:53")
	one6 = netip.MustParseAddrPort("[2001:db8::1]:4711")
	two6 = netip.MustParseAddrPort("[2001:db8::2]:53")
)

func TestHeader(t *testing.T) {
	ebpftest.Start(t)
	packet := ebpftest.UDP(one4, two4, []byte("hello"))
	ctx := ebpftest.XDP(packet)
	eth := ebpf.Header[ebpf.Ethernet](ctx, 0)
	equal(t, "Ethernet", *eth, ebpf.Ethernet{Dst: ebpftest.DstMAC, Src: ebpftest.SrcMAC, Type: ebpf.NewBE16(ebpf.EtherTypeIPv4)})
	ip := ebpf.Header[ebpf.IPv4](ctx, ebpf.EthernetLen)
	equal(t, "IPv4", []any{ip.Src, ip.Dst, ip.Protocol, ip.HeaderLen(), ip.TotalLen.Uint16(), ip.IsFragment()},
		[]any{ebpf.IPv4Of(192, 0, 2, 1), ebpftest.Addr(two4.Addr()), uint8(ebpf.ProtoUDP), uint32(20), uint16(33), false})
	udp := ebpf.Header[ebpf.UDP](ctx, ebpf.EthernetLen+ip.HeaderLen())
	equal(t, "UDP", []uint16{udp.SrcPort.Uint16(), udp.DstPort.Uint16(), udp.Len.Uint16()}, []uint16{4711, 53, 13})
	text := ebpf.Header[[5]byte](ctx, 42)
	equal(t, "payload", string(text[:]), "hello")

	for _, offset := range []uint32{43, 47, 48, 1 << 31, 0xffffffff, 0xfffffffe} {
		equal(t, "past the end", ebpf.Header[[5]byte](ctx, offset), nil)
	}
	equal(t, "of a context without a packet", ebpf.Header[ebpf.Ethernet](&ebpf.XDP{}, 0), nil)

	udp.DstPort = ebpf.NewBE16(54)
	text[4] = '!'
	equal(t, "packet given", string(packet[42:]), "hello")
	now := ebpftest.Packet(ctx)
	equal(t, "packet now", string(now[42:]), "hell!")
	equal(t, "port now", now[37], 54)
	again := *ctx
	equal(t, "a copy of the context has the packet", string(ebpf.Header[[5]byte](&again, 42)[:]), "hell!")
}

func TestPacketsAreRight(t *testing.T) {
	for name, c := range map[string]struct {
		frame  []byte
		length int
		proto  byte
	}{
		"UDP/IPv4":  {ebpftest.UDP(one4, two4, []byte("odd")), 14 + 20 + 8 + 3, 17},
		"UDP/IPv6":  {ebpftest.UDP(one6, two6, []byte("even")), 14 + 40 + 8 + 4, 17},
		"TCP/IPv4":  {ebpftest.TCP(one4, two4, ebpf.TCPSyn, nil), 14 + 20 + 20, 6},
		"TCP/IPv6":  {ebpftest.TCP(one6, two6, ebpf.TCPAck|ebpf.TCPPsh, []byte("x")), 14 + 40 + 20 + 1, 6},
		"ping/IPv4": {ebpftest.Ping(one4.Addr(), two4.Addr(), []byte("abc")), 14 + 20 + 8 + 3, 1},
		"ping/IPv6": {ebpftest.Ping(one6.Addr(), two6.Addr(), nil), 14 + 40 + 8, 58},
	} {
		equal(t, name+": length", len(c.frame), c.length)
		packet := c.frame[14:]
		var pseudo, rest []byte
		if packet[0]>>4 == 4 {
			equal(t, name+": header's checksum", ebpftest.Checksum(packet[:20]), 0)
			equal(t, name+": protocol", packet[9], c.proto)
			rest = packet[20:]
			pseudo = append(append([]byte(nil), packet[12:20]...), 0, c.proto, 0, byte(len(rest)))
		} else {
			equal(t, name+": protocol", packet[6], c.proto)
			rest = packet[40:]
			pseudo = append(append([]byte(nil), packet[8:40]...), 0, 0, 0, byte(len(rest)), 0, 0, 0, c.proto)
		}
		if c.proto == 1 {
			pseudo = nil
		}
		equal(t, name+": checksum", ebpftest.Checksum(append(pseudo, rest...)), 0)
	}
	says(t, func() { ebpftest.UDP(one4, two6, nil) }, "both must be IPv4")
	says(t, func() { ebpftest.UDP(one6, two4, nil) }, "both must be IPv6")
	says(t, func() { ebpftest.IPv4WithOptions(one4.Addr(), two4.Addr(), 1, []byte{1}, nil) }, "words of 4")
}

func TestVLANAndARP(t *testing.T) {
	ebpftest.Start(t)
	tagged := ebpftest.VLAN(100, ebpftest.UDP(one4, two4, nil))
	ctx := ebpftest.XDP(tagged)
	equal(t, "type", ebpf.Header[ebpf.Ethernet](ctx, 0).Type.Uint16(), ebpf.EtherTypeVLAN)
	tag := ebpf.Header[ebpf.VLAN](ctx, ebpf.EthernetLen)
	equal(t, "tag", []uint16{tag.ID(), tag.Type.Uint16()}, []uint16{100, ebpf.EtherTypeIPv4})

	skb := ebpftest.SKB(tagged)
	equal(t, "the stack has taken the tag out", []uint32{skb.VLANPresent, skb.VLANTCI, skb.Len, uint32(skb.Protocol())},
		[]uint32{1, 100, uint32(len(tagged)) - 4, ebpf.EtherTypeIPv4})
	equal(t, "type", ebpf.Header[ebpf.Ethernet](skb, 0).Type.Uint16(), ebpf.EtherTypeIPv4)

	arp := ebpf.Header[ebpf.ARP](ebpftest.XDP(ebpftest.ARP(one4.Addr(), two4.Addr())), ebpf.EthernetLen)
	equal(t, "ARP", []any{arp.Operation.Uint16(), arp.SenderIP(), arp.TargetIP(), arp.SenderMAC},
		[]any{uint16(1), ebpf.IPv4Of(192, 0, 2, 1), ebpf.IPv4Of(192, 0, 2, 2), ebpftest.SrcMAC})
}

func TestSKB(t *testing.T) {
	ebpftest.Start(t)
	frame := ebpftest.TCP(one6, two6, ebpf.TCPSyn, nil)
	ctx := ebpftest.SKB(frame)
	equal(t, "frame", []any{ctx.Len, ctx.Protocol()}, []any{uint32(74), uint16(ebpf.EtherTypeIPv6)})
	tcp := ebpf.Header[ebpf.TCP](ctx, ebpf.EthernetLen+ebpf.IPv6Len)
	equal(t, "TCP", []any{tcp.Flags, tcp.HeaderLen(), tcp.DstPort.Uint16()}, []any{ebpf.TCPSyn, uint32(20), uint16(53)})
	ip := ebpftest.IPSKB(frame[14:])
	equal(t, "packet", []any{ip.Len, ip.Protocol()}, []any{uint32(60), uint16(ebpf.EtherTypeIPv6)})
	equal(t, "IPv6", ebpf.Header[ebpf.IPv6](ip, 0).NextHeader, ebpf.ProtoTCP)
	equal(t, "nothing", []any{ebpftest.SKB(nil).Len, ebpftest.IPSKB(nil).Protocol()}, []any{uint32(0), uint16(0)})
}

func TestMemory(t *testing.T) {
	ebpftest.Start(t)
	ctx := &ebpf.SysEnter{Args: [6]uint64{ebpftest.UserString("/etc/passwd"), ebpftest.User(pair{A: 1, B: 2})}}
	var path [16]byte
	equal(t, "length with the 0", ebpf.ReadUserString(path[:], ctx.Args[0]), 12)
	equal(t, "path", path, [16]byte{'/', 'e', 't', 'c', '/', 'p', 'a', 's', 's', 'w', 'd'})
	equal(t, "from the middle", ebpf.ReadUserString(path[:], ctx.Args[0]+5), 7)
	var short [8]byte
	equal(t, "length where it is cut", ebpf.ReadUserString(short[:], ctx.Args[0]), 8)
	equal(t, "cut", string(short[:]), "/etc/pa\x00")
	var p pair
	equal(t, "read", ebpf.ReadUser(&p, ctx.Args[1]), 0)
	equal(t, "value", p, pair{A: 1, B: 2})

	kernel := ebpftest.Kernel(uint64(7))
	for name, addr := range map[string]uint64{
		"0": 0, "1": 1, "the end": ^uint64(0), "behind it": ctx.Args[1] + 1, "the kernel's": kernel, "before it": ctx.Args[0] - 1,
	} {
		p = pair{A: 9, B: 9}
		equal(t, "read from "+name, ebpf.ReadUser(&p, addr), ebpf.EFAULT)
		equal(t, "value from "+name, p, pair{})
		if name != "behind it" {
			equal(t, "string from "+name, ebpf.ReadUserString(short[:], addr), -int64(ebpf.EFAULT))
		}
	}
	var v uint64
	equal(t, "read from the kernel's memory", ebpf.ReadKernel(&v, kernel), 0)
	equal(t, "value", v, 7)
	equal(t, "process memory as the kernel's", ebpf.ReadKernel(&v, ctx.Args[1]), ebpf.EFAULT)
	equal(t, "string in the kernel", ebpf.ReadKernelString(short[:], ebpftest.KernelString("eth0")), 5)

	buffer := ebpftest.User([4]byte{})
	equal(t, "write", ebpf.ProbeWriteUser(buffer, pointer(&[4]byte{1, 2, 3, 4}), 4), 0)
	written, ok := ebpftest.UserValue[[4]byte](buffer)
	equal(t, "written", written, [4]byte{1, 2, 3, 4})
	equal(t, "there", ok, true)
}

type signal struct {
	ebpf.TraceEntry
	Comm ebpf.DataLoc
	Sig  int32
}

func TestDataLoc(t *testing.T) {
	ebpftest.Start(t)
	ctx := ebpftest.RecordWith(signal{Sig: 9}, "sshd", func(r *signal) *ebpf.DataLoc { return &r.Comm })
	var comm [8]byte
	equal(t, "length", ebpf.ReadDataLoc(comm[:], ctx, ctx.Comm), 5)
	equal(t, "text", string(comm[:]), "sshd\x00\x00\x00\x00")
	equal(t, "other fields", []uint32{uint32(ctx.Sig), ctx.Comm.Offset(), ctx.Comm.Len()}, []uint32{9, 16, 5})
	for _, wrong := range []ebpf.DataLoc{0xffff, 21, 1000} {
		equal(t, "outside of the record", ebpf.ReadDataLoc(comm[:], ctx, wrong), -int64(ebpf.EFAULT))
	}
	equal(t, "of a record that is not ebpftest's", ebpf.ReadDataLoc(comm[:], &signal{}, 4<<16), -int64(ebpf.EFAULT))
}

func TestAddresses(t *testing.T) {
	mapped := netip.MustParseAddr("::ffff:192.0.2.1")
	v4 := ebpf.IPv4Of(192, 0, 2, 1)
	equal(t, "To6", v4.To6(), ebpf.IPv6Of(0, 0, 0, 0, 0, 0xffff, 0xc000, 0x0201))
	equal(t, "To6 as netip has it", v4.To6(), ebpftest.Addr6(mapped))
	equal(t, "Addr6 of an IPv4 address", ebpftest.Addr6(mapped.Unmap()), v4.To6())
	equal(t, "Addr of a mapped address", ebpftest.Addr(mapped), v4)
	v6 := netip.MustParseAddr("2001:db8::a:b")
	equal(t, "Addr6", ebpftest.Addr6(v6), ebpf.IPv6Of(0x2001, 0xdb8, 0, 0, 0, 0, 0xa, 0xb))
	equal(t, "loopback", ebpftest.Addr6(netip.IPv6Loopback()).IsLoopback(), true)
	equal(t, "mapped loopback", ebpf.IPv4Of(127, 0, 0, 1).To6().IsLoopback(), false)
}

func TestNames(t *testing.T) {
	for want, value := range map[string]any{
		"XDPDrop": ebpf.XDPDrop, "9": ebpf.XDPAction(9), "TCUnspec": ebpf.TCUnspec, "-2": ebpf.TCAction(-2),
		"Deny": ebpf.Deny, "E2BIG": ebpf.E2BIG, "0": ebpf.Errno(0), "443": ebpf.NewBE16(443),
		"65536": ebpf.NewBE32(65536), "4294967296": ebpf.NewBE64(1 << 32), "192.0.2.1": ebpf.IPv4Of(192, 0, 2, 1),
		"2001:db8::1": ebpf.IPv6Of(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1), "02:00:00:00:00:01": ebpftest.SrcMAC,
		"sshd": ebpf.Comm{'s', 's', 'h', 'd'}, "1.5ms": ebpf.Nanoseconds(1500000), "2s": ebpf.Ktime(2e9),
		"Syn|Ack": ebpf.TCPSyn | ebpf.TCPAck,
		"{192.0.2.1 53 sh}": struct {
			Addr ebpf.IPv4Addr
			Port ebpf.BE16
			Comm ebpf.Comm
		}{ebpf.IPv4Of(192, 0, 2, 1), ebpf.NewBE16(53), ebpf.Comm{'s', 'h'}},
	} {
		equal(t, "shown", fmt.Sprint(value), want)
	}
}
