package ebpftest

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"unsafe"

	"tinybpf/ebpf"
)

// Frames are Ethernet frames from SrcMAC to DstMAC.
var (
	SrcMAC = ebpf.MAC{2, 0, 0, 0, 0, 1}
	DstMAC = ebpf.MAC{2, 0, 0, 0, 0, 2}
)

// UDP makes an Ethernet frame with a UDP datagram over IPv4 or IPv6, whatever the addresses are.
func UDP(src, dst netip.AddrPort, payload []byte) []byte {
	header := make([]byte, 8, 8+len(payload))
	binary.BigEndian.PutUint16(header[0:], src.Port())
	binary.BigEndian.PutUint16(header[2:], dst.Port())
	binary.BigEndian.PutUint16(header[4:], uint16(8+len(payload)))
	datagram := append(header, payload...)
	sum := transportSum(src.Addr(), dst.Addr(), ebpf.ProtoUDP, datagram)
	if sum == 0 {
		sum = 0xffff // 0 means that there is none
	}
	binary.BigEndian.PutUint16(datagram[6:], sum)
	return IP(src.Addr(), dst.Addr(), ebpf.ProtoUDP, datagram)
}

// TCP makes an Ethernet frame with a TCP segment over IPv4 or IPv6.
func TCP(src, dst netip.AddrPort, flags ebpf.TCPFlags, payload []byte) []byte {
	segment := make([]byte, 20, 20+len(payload))
	binary.BigEndian.PutUint16(segment[0:], src.Port())
	binary.BigEndian.PutUint16(segment[2:], dst.Port())
	binary.BigEndian.PutUint32(segment[4:], 1)
	segment[12] = 5 << 4 // length in words
	segment[13] = uint8(flags)
	binary.BigEndian.PutUint16(segment[14:], 0xffff) // window
	segment = append(segment, payload...)
	binary.BigEndian.PutUint16(segment[16:], transportSum(src.Addr(), dst.Addr(), ebpf.ProtoTCP, segment))
	return IP(src.Addr(), dst.Addr(), ebpf.ProtoTCP, segment)
}

// Ping makes an Ethernet frame with an echo request, of ICMP or ICMPv6.
func Ping(src, dst netip.Addr, payload []byte) []byte {
	message := append([]byte{8, 0, 0, 0, 0, 1, 0, 1}, payload...)
	if src.Is4() {
		binary.BigEndian.PutUint16(message[2:], Checksum(message))
		return IP(src, dst, ebpf.ProtoICMP, message)
	}
	message[0] = 128
	binary.BigEndian.PutUint16(message[2:], transportSum(src, dst, ebpf.ProtoICMPv6, message))
	return IP(src, dst, ebpf.ProtoICMPv6, message)
}

// IP makes an Ethernet frame with an IPv4 or IPv6 packet of the protocol.
func IP(src, dst netip.Addr, protocol uint8, payload []byte) []byte {
	if src.Is4() {
		return IPv4WithOptions(src, dst, protocol, nil, payload)
	}
	mustBe(src, dst, 6)
	header := make([]byte, 40, 40+len(payload))
	header[0] = 6 << 4
	binary.BigEndian.PutUint16(header[4:], uint16(len(payload)))
	header[6], header[7] = protocol, 64
	copy(header[8:], src.AsSlice())
	copy(header[24:], dst.AsSlice())
	return Ethernet(ebpf.EtherTypeIPv6, append(header, payload...))
}

// IPv4WithOptions makes an Ethernet frame with an IPv4 packet whose header has options, in whole
// words of 4 bytes.
func IPv4WithOptions(src, dst netip.Addr, protocol uint8, options, payload []byte) []byte {
	mustBe(src, dst, 4)
	if len(options)%4 != 0 || len(options) > 40 {
		panic(fmt.Sprintf("ebpftest.IPv4WithOptions: %d bytes of options: up to 40, in words of 4", len(options)))
	}
	size := 20 + len(options)
	header := make([]byte, 20, size+len(payload))
	header[0] = 4<<4 | uint8(size/4)
	binary.BigEndian.PutUint16(header[2:], uint16(size+len(payload)))
	header[8], header[9] = 64, protocol
	copy(header[12:], src.AsSlice())
	copy(header[16:], dst.AsSlice())
	header = append(header, options...)
	binary.BigEndian.PutUint16(header[10:], Checksum(header))
	return Ethernet(ebpf.EtherTypeIPv4, append(header, payload...))
}

// ARP makes an Ethernet frame that asks who has the address target.
func ARP(sender, target netip.Addr) []byte {
	mustBe(sender, target, 4)
	packet := []byte{0, 1, 8, 0, 6, 4, 0, 1} // Ethernet, IPv4, their lengths, request
	packet = append(append(packet, SrcMAC[:]...), sender.AsSlice()...)
	packet = append(append(packet, 0, 0, 0, 0, 0, 0), target.AsSlice()...)
	frame := Ethernet(ebpf.EtherTypeARP, packet)
	copy(frame, []byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff})
	return frame
}

// Ethernet makes a frame of the type.
func Ethernet(etherType uint16, payload []byte) []byte {
	frame := append(append([]byte(nil), DstMAC[:]...), SrcMAC[:]...)
	return append(binary.BigEndian.AppendUint16(frame, etherType), payload...)
}

// VLAN puts a tag with the number id into a frame.
func VLAN(id uint16, frame []byte) []byte {
	tag := binary.BigEndian.AppendUint16([]byte{0x81, 0}, id)
	return append(append(append([]byte(nil), frame[:12]...), tag...), frame[12:]...)
}

// Checksum is the Internet checksum of data: 0 of data that has the right one in it.
func Checksum(data []byte) uint16 {
	var sum uint32
	for ; len(data) >= 2; data = data[2:] {
		sum += uint32(binary.BigEndian.Uint16(data))
		sum = sum&0xffff + sum>>16
	}
	if len(data) == 1 {
		sum += uint32(data[0]) << 8
	}
	return ^uint16(sum&0xffff + sum>>16)
}

// transportSum is the checksum of a TCP segment, UDP datagram or ICMPv6 message between the
// addresses: their pseudo header belongs to it.
func transportSum(src, dst netip.Addr, protocol uint8, data []byte) uint16 {
	pseudo := append(src.AsSlice(), dst.AsSlice()...)
	pseudo = binary.BigEndian.AppendUint32(pseudo, uint32(len(data)))
	pseudo = append(pseudo, 0, 0, 0, protocol)
	return Checksum(append(pseudo, data...))
}

func mustBe(src, dst netip.Addr, version int) {
	if src.Is4() != dst.Is4() || src.Is4() != (version == 4) || !dst.IsValid() {
		panic(fmt.Sprintf("ebpftest: an IPv%d packet from %v to %v: both must be IPv%d addresses",
			version, src, dst, version))
	}
}

// Addr makes a package ebpf address of an IPv4 address.
func Addr(addr netip.Addr) ebpf.IPv4Addr {
	b := addr.As4()
	return ebpf.IPv4Of(b[0], b[1], b[2], b[3])
}

// Addr6 makes a package ebpf address of an IPv6 address; of an IPv4 address as To6 does.
func Addr6(addr netip.Addr) (made ebpf.IPv6Addr) {
	*(*[16]byte)(unsafe.Pointer(&made)) = addr.As16()
	return made
}
