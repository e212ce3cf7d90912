// XDP programs: one drops UDP to port 4242 and counts what it saw, one changes the packet's size.
package main

import "unsafe"

type bpfMapDef struct {
	Type       uint32
	KeySize    uint32
	ValueSize  uint32
	MaxEntries uint32
	MapFlags   uint32
}

type xdpContext struct {
	Data    uint32
	DataEnd uint32
}

const (
	xdpDrop = 1
	xdpPass = 2
)

// seen has the packets by verdict.
var seen = bpfMapDef{Type: 2, KeySize: 4, ValueSize: 8, MaxEntries: 3}

//go:extern bpf_map_lookup_elem
func bpfMapLookupElem(m unsafe.Pointer, key unsafe.Pointer) unsafe.Pointer

//go:extern bpf_xdp_adjust_head
func bpfXdpAdjustHead(ctx unsafe.Pointer, delta int32) int64

type packet struct {
	Ethernet  [12]byte
	EtherType uint16
	Version   byte
	_         [8]byte
	Protocol  byte
	_         [10]byte
	Source    uint16
	DestBE    uint16
}

func verdict(ctx *xdpContext) int32 {
	start, end := uintptr(ctx.Data), uintptr(ctx.DataEnd)
	if start+38 > end {
		return xdpPass
	}
	p := (*packet)(unsafe.Pointer(start))
	if p.EtherType == 0x0008 && p.Version == 0x45 && p.Protocol == 17 && p.DestBE == 0x9210 {
		return xdpDrop
	}
	return xdpPass
}

//bpf:section xdp
//export drop_udp
func drop_udp(ctx *xdpContext) int32 {
	answer := verdict(ctx)
	key := uint32(answer)
	counter := (*uint64)(bpfMapLookupElem(unsafe.Pointer(&seen), unsafe.Pointer(&key)))
	if counter != nil {
		*counter++
	}
	return answer
}

//bpf:section xdp
//export grow
func grow(ctx unsafe.Pointer) int32 {
	if bpfXdpAdjustHead(ctx, -16) < 0 {
		return xdpDrop
	}
	return xdpPass
}
