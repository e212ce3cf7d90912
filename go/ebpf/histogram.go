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
	var n uint32
	if v>>32 != 0 {
		v >>= 32
		n = 32
	}
	if v>>16 != 0 {
		v >>= 16
		n += 16
	}
	if v>>8 != 0 {
		v >>= 8
		n += 8
	}
	if v>>4 != 0 {
		v >>= 4
		n += 4
	}
	if v>>2 != 0 {
		v >>= 2
		n += 2
	}
	if v>>1 != 0 {
		v >>= 1
		n++
	}
	return n + uint32(v)
}
