package ebpf

import "sync/atomic"

// A Histogram counts values by their size in powers of two: Slots[0] counts 0, Slots[i] the
// values of i bits, which are below 1<<i. It is the value of a map, which user space draws:
//
//	var latency = ebpf.PerCPUArray[ebpf.Histogram]{MaxEntries: 1}
//	var latencyOf = ebpf.Hash[uint32, ebpf.Histogram]{MaxEntries: 512}
type Histogram struct {
	Slots [64]uint64
}

// Add counts a value. Programs on all CPUs may add to one histogram.
func (h *Histogram) Add(v uint64) {
	atomic.AddUint64(&h.Slots[min(bits(v), 63)], 1)
}

// bits is the number of bits of v: 0 of 0, 1 of 1, 2 of 2 and 3. The kernel's machine has no
// instruction for it.
func bits(v uint64) uint32 {
	var n, step uint32
	if v > 0xffffffff {
		n = 32
	}
	v >>= n
	if v > 0xffff {
		step = 16
	}
	v >>= step
	n |= step
	if step = 0; v > 0xff {
		step = 8
	}
	v >>= step
	n |= step
	if step = 0; v > 0xf {
		step = 4
	}
	v >>= step
	n |= step
	if step = 0; v > 3 {
		step = 2
	}
	v >>= step
	n |= step
	if v > 1 {
		return n + 2
	}
	return n + uint32(v)
}
