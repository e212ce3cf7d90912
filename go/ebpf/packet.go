package ebpf

import "unsafe"

// A PacketContext is a context that has a packet.
type PacketContext interface {
	*XDP | *SKB
	at(offset, size uint32) unsafe.Pointer
}

// Header gives a pointer to the T that begins at offset in the packet; nil where the packet ends
// before T does. Writing through it changes the packet.
//
//	ip := ebpf.Header[ebpf.IPv4](ctx, ebpf.EthernetLen)
//	if ip == nil {
//		return ebpf.XDPPass
//	}
//
// Only the part of an SKB that is in one piece can be seen; SkbPullData makes it longer.
// Helpers that change the packet make all pointers into it stale.
func Header[T any, C PacketContext](ctx C, offset uint32) *T {
	return (*T)(ctx.at(offset, uint32(unsafe.Sizeof(*new(T)))))
}

// Lengths of headers in bytes. IPv4 and TCP headers may be longer: see HeaderLen.
const (
	EthernetLen = 14
	VLANLen     = 4
	IPv4Len     = 20
	IPv6Len     = 40
	TCPLen      = 20
	UDPLen      = 8
	ICMPLen     = 8
)

// Protocols in Ethernet frames.
const (
	EtherTypeIPv4 = 0x0800
	EtherTypeARP  = 0x0806
	EtherTypeVLAN = 0x8100
	EtherTypeIPv6 = 0x86dd
)

// Protocols in IP packets.
const (
	ProtoICMP   = 1
	ProtoTCP    = 6
	ProtoUDP    = 17
	ProtoICMPv6 = 58
)

// An Ethernet is the header of an Ethernet frame.
type Ethernet struct {
	Dst, Src MAC
	Type     BE16
}

// A VLAN is the tag between an Ethernet header whose Type is EtherTypeVLAN and what follows.
type VLAN struct {
	TCI  BE16 // priority and number
	Type BE16
}

// ID is the number of the VLAN.
func (h *VLAN) ID() uint16 { return h.TCI.Uint16() & 0xfff }

// An ARP is an ARP packet for IPv4 over Ethernet.
type ARP struct {
	HardwareType BE16
	ProtocolType BE16
	HardwareLen  uint8
	ProtocolLen  uint8
	Operation    BE16 // 1 request, 2 reply
	SenderMAC    MAC
	senderIP     [2]BE16
	TargetMAC    MAC
	targetIP     [2]BE16
}

// SenderIP is the address of the sender.
func (h *ARP) SenderIP() IPv4Addr { return fromHalves(h.senderIP) }

// TargetIP is the address that is asked for, or that of the asker.
func (h *ARP) TargetIP() IPv4Addr { return fromHalves(h.targetIP) }

// An IPv4 is the header of an IPv4 packet, without its options.
type IPv4 struct {
	VersionIHL uint8
	TOS        uint8
	TotalLen   BE16
	ID         BE16
	FragOff    BE16
	TTL        uint8
	Protocol   uint8
	Checksum   BE16
	Src, Dst   IPv4Addr
}

// HeaderLen is the length of the header in bytes with its options: where the next one begins.
func (h *IPv4) HeaderLen() uint32 { return uint32(h.VersionIHL&0xf) * 4 }

// IsFragment tells whether the packet is a fragment other than the first, without the next
// protocol's header.
func (h *IPv4) IsFragment() bool { return h.FragOff.Uint16()&0x1fff != 0 }

// An IPv6 is the fixed header of an IPv6 packet.
type IPv6 struct {
	VersionClassFlow BE32
	PayloadLen       BE16
	NextHeader       uint8
	HopLimit         uint8
	Src, Dst         IPv6Addr
}

// A TCP is the header of a TCP segment, without its options.
type TCP struct {
	SrcPort, DstPort BE16
	Seq, Ack         BE32
	dataOff          uint8
	Flags            TCPFlags
	Window           BE16
	Checksum         BE16
	Urgent           BE16
}

// HeaderLen is the length of the header in bytes with its options: where the data begins.
func (h *TCP) HeaderLen() uint32 { return uint32(h.dataOff>>4) * 4 }

// TCPFlags are the flags of a TCP segment.
type TCPFlags uint8

const (
	TCPFin TCPFlags = 1 << iota
	TCPSyn
	TCPRst
	TCPPsh
	TCPAck
	TCPUrg
	TCPEce
	TCPCwr
)

// A UDP is the header of a UDP datagram.
type UDP struct {
	SrcPort, DstPort BE16
	Len              BE16
	Checksum         BE16
}

// An ICMP is the header of an ICMP message of either version.
type ICMP struct {
	Type, Code uint8
	Checksum   BE16
	Rest       BE32
}
