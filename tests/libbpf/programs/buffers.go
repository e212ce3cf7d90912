// Package buffers writes a record for each packet.
package buffers

import (
	"unsafe"

	"tinybpf/ebpf"
)

// A Kind is one of three.
type Kind uint8

const (
	KindNone Kind = iota
	KindRead
	KindWrite
)

// A Place is a struct within the record.
type Place struct {
	Line   uint16
	Column uint16
}

// An Event has a field of each sort.
type Event struct {
	Number uint64
	Delta  int32
	Port   ebpf.BE16
	Kind   Kind
	OK     bool
	Addr   ebpf.IPv4Addr
	Places [2]Place
	Comm   ebpf.Comm
}

var (
	events = ebpf.RingBuf[Event]{MaxEntries: 1 << 16}
	plain  = ebpf.RingBuf[uint32]{MaxEntries: 1 << 12}
	number uint64
)

//bpf:section xdp
func fill(ctx *ebpf.XDP) ebpf.XDPAction {
	number++
	e := events.Reserve()
	if e == nil {
		return ebpf.XDPDrop
	}
	*e = Event{
		Number: number,
		Delta:  -int32(number),
		Port:   ebpf.NewBE16(443),
		Kind:   KindWrite,
		OK:     number&1 == 1,
		Addr:   ebpf.IPv4Of(192, 0, 2, uint8(number)),
		Places: [2]Place{{1, 2}, {uint16(number), 4}},
		Comm:   ebpf.Comm{'g', 'o'},
	}
	events.Submit(e)
	return ebpf.XDPPass
}

//bpf:section xdp
func discard(ctx *ebpf.XDP) ebpf.XDPAction {
	number++
	e := events.Reserve()
	if e == nil {
		return ebpf.XDPDrop
	}
	events.Discard(e)
	return ebpf.XDPPass
}

// short writes a record that is no Event.
//
//bpf:section xdp
func short(ctx *ebpf.XDP) ebpf.XDPAction {
	number++
	tag := uint32(number)
	ebpf.RingbufOutput(&events, unsafe.Pointer(&tag), 4, 0)
	return ebpf.XDPPass
}

//bpf:section xdp
func fillPlain(ctx *ebpf.XDP) ebpf.XDPAction {
	number++
	tag := uint32(number)
	plain.Output(&tag)
	return ebpf.XDPPass
}
