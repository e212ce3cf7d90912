package ebpf

import "unsafe"

// A BE16 is a 16-bit number in network byte order. It is a struct so that nobody compares it with
// a number of the machine's order by mistake: port.Uint16() == 443. The kernel calls it __be16.
type BE16 struct{ raw uint16 }

// NewBE16 turns a number into network byte order.
func NewBE16(v uint16) BE16 {
	return BE16{BE16{v}.Uint16()}
}

// Uint16 is the number.
func (v BE16) Uint16() uint16 {
	b := (*[2]byte)(unsafe.Pointer(&v))
	return uint16(b[0])<<8 | uint16(b[1])
}

// A BE32 is a 32-bit number in network byte order. The kernel calls it __be32.
type BE32 struct{ raw uint32 }

// NewBE32 turns a number into network byte order.
func NewBE32(v uint32) BE32 {
	return BE32{BE32{v}.Uint32()}
}

// Uint32 is the number.
func (v BE32) Uint32() uint32 {
	b := (*[4]byte)(unsafe.Pointer(&v))
	return uint32(b[0])<<24 | uint32(b[1])<<16 | uint32(b[2])<<8 | uint32(b[3])
}

// A BE64 is a 64-bit number in network byte order. The kernel calls it __be64.
type BE64 struct{ raw uint64 }

// NewBE64 turns a number into network byte order.
func NewBE64(v uint64) BE64 {
	return BE64{BE64{v}.Uint64()}
}

// Uint64 is the number.
func (v BE64) Uint64() uint64 {
	b := (*[8]byte)(unsafe.Pointer(&v))
	return uint64(b[0])<<56 | uint64(b[1])<<48 | uint64(b[2])<<40 | uint64(b[3])<<32 |
		uint64(b[4])<<24 | uint64(b[5])<<16 | uint64(b[6])<<8 | uint64(b[7])
}

// An IPv4Addr is an IPv4 address as it is in packets. Addresses compare with ==, and can be keys.
// The kernel calls it in_addr.
type IPv4Addr struct{ raw uint32 }

// IPv4Of makes the address a.b.c.d.
func IPv4Of(a, b, c, d uint8) IPv4Addr {
	return IPv4Addr{NewBE32(uint32(a)<<24 | uint32(b)<<16 | uint32(c)<<8 | uint32(d)).raw}
}

// Uint32 is the address as a number: 127.0.0.1 is 0x7f000001.
func (a IPv4Addr) Uint32() uint32 { return BE32{a.raw}.Uint32() }

// IsLoopback tells whether the address is in 127.0.0.0/8.
func (a IPv4Addr) IsLoopback() bool { return a.Uint32()>>24 == 127 }

// In tells whether the address is in the network of the first bits of net.
func (a IPv4Addr) In(net IPv4Addr, bits uint32) bool {
	return uint64(a.Uint32()^net.Uint32())>>(32-min(bits, 32)) == 0
}

// To6 is the address as IPv6 sockets have it, mapped into ::ffff:0:0/96: ::ffff:127.0.0.1.
func (a IPv4Addr) To6() IPv6Addr {
	return IPv6Addr{[4]uint32{0, 0, pair(0, 0xffff), a.raw}}
}

func fromHalves(h [2]BE16) IPv4Addr {
	return IPv4Addr{NewBE32(uint32(h[0].Uint16())<<16 | uint32(h[1].Uint16())).raw}
}

// An IPv6Addr is an IPv6 address as it is in packets. The kernel calls it in6_addr.
type IPv6Addr struct{ raw [4]uint32 }

// IPv6Of makes an address of its eight groups.
func IPv6Of(a, b, c, d, e, f, g, h uint16) IPv6Addr {
	return IPv6Addr{[4]uint32{pair(a, b), pair(c, d), pair(e, f), pair(g, h)}}
}

func pair(hi, lo uint16) uint32 { return NewBE32(uint32(hi)<<16 | uint32(lo)).raw }

// IsLoopback tells whether the address is ::1.
func (a IPv6Addr) IsLoopback() bool { return a == IPv6Of(0, 0, 0, 0, 0, 0, 0, 1) }

// A MAC is a hardware address.
type MAC [6]byte
