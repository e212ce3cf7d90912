// Package bpf counts the numbers of a record in histograms: generic types and functions for numbers of
// each size.
package bpf

import (
	"unsafe"

	"tinybpf/ebpf"
)

type unsigned interface {
	~uint8 | ~uint16 | ~uint32 | ~uint64
}

const slots = 64

// A histogram counts by powers of two and keeps the sum.
type histogram[T unsigned] struct {
	Counts   [slots]uint32
	Sum      uint64
	Min, Max T
}

// log2 is the number of bits that v needs.
func log2[T unsigned](v T) uint32 {
	var n uint32
	for shift := uint32(unsafe.Sizeof(v)) * 4; shift > 0; shift /= 2 {
		if v>>shift != 0 {
			v >>= shift
			n += shift
		}
	}
	if v != 0 {
		n++
	}
	return n
}

func (h *histogram[T]) add(v T) {
	h.Counts[log2(v)%slots]++
	h.Sum += uint64(v)
	if h.Sum == uint64(v) {
		h.Min, h.Max = v, v
	}
	h.Min, h.Max = min(h.Min, v), max(h.Max, v)
}

var (
	hops     histogram[uint8]
	lengths  histogram[uint16]
	delays   histogram[uint32]
	transfer histogram[uint64]
)

type record struct {
	Transfer uint64
	Delay    uint32
	Length   uint16
	Hops     uint8
}

//bpf:section xdp
func count(ctx *ebpf.XDP) ebpf.XDPAction {
	r := ebpf.Header[record](ctx, ebpf.EthernetLen+2)
	if r == nil {
		return ebpf.XDPDrop
	}
	hops.add(r.Hops)
	lengths.add(r.Length)
	delays.add(r.Delay)
	transfer.add(r.Transfer)
	return ebpf.XDPPass
}
