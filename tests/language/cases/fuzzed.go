package fuzzed

// Programs that the fuzzer found, made short.

import (
	"cmp"
	"math/bits"
)

var Effects uint64

// LLVM stopped in its code for half registers.
func HalfRegisters(b uint16, d uint8) uint64 {
	v := int32(cmp.Compare(d, uint8(0)))
	for i := int32(5); i > 0; i-- {
		for j := uint(1); j <= 8; j += 2 {
			if int16(1) > int16(bits.OnesCount16(b)) {
				Effects = Effects*31 + 1
			}
			Effects = Effects*31 + uint64(bits.OnesCount16(uint16(v)))
		}
	}
	return uint64(int8(bits.LeadingZeros32(uint32(v))))
}
