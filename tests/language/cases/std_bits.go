package std_bits

import "math/bits"

// Each function of math/bits.

func CountUint(x uint) (leading, trailing, length, ones int) {
	return bits.LeadingZeros(x), bits.TrailingZeros(x), bits.Len(x), bits.OnesCount(x)
}

func PowerUint(k uint8) (leading, trailing, below, above int) {
	x := uint(1) << (k & 63)
	return bits.LeadingZeros(x), bits.TrailingZeros(x), bits.Len(x - 1), bits.OnesCount(-x)
}

func ReverseUint(x uint) uint { return bits.Reverse(x) }

//in:k -1000 -65 -64 -63 -33 -9..9 15..17 31..33 63..65 1000
func RotateUint(x uint, k int) uint { return bits.RotateLeft(x, k) }

func BytesUint(x uint) uint { return bits.ReverseBytes(x) }

func Count8(x uint8) (leading, trailing, length, ones int) {
	return bits.LeadingZeros8(x), bits.TrailingZeros8(x), bits.Len8(x), bits.OnesCount8(x)
}

func Power8(k uint8) (leading, trailing, below, above int) {
	x := uint8(1) << (k & 7)
	return bits.LeadingZeros8(x), bits.TrailingZeros8(x), bits.Len8(x - 1), bits.OnesCount8(-x)
}

func Reverse8(x uint8) uint8 { return bits.Reverse8(x) }

//in:k -1000 -65 -64 -63 -33 -9..9 15..17 31..33 63..65 1000
func Rotate8(x uint8, k int) uint8 { return bits.RotateLeft8(x, k) }

func Count16(x uint16) (leading, trailing, length, ones int) {
	return bits.LeadingZeros16(x), bits.TrailingZeros16(x), bits.Len16(x), bits.OnesCount16(x)
}

func Power16(k uint8) (leading, trailing, below, above int) {
	x := uint16(1) << (k & 15)
	return bits.LeadingZeros16(x), bits.TrailingZeros16(x), bits.Len16(x - 1), bits.OnesCount16(-x)
}

func Reverse16(x uint16) uint16 { return bits.Reverse16(x) }

//in:k -1000 -65 -64 -63 -33 -9..9 15..17 31..33 63..65 1000
func Rotate16(x uint16, k int) uint16 { return bits.RotateLeft16(x, k) }

func Bytes16(x uint16) uint16 { return bits.ReverseBytes16(x) }

func Count32(x uint32) (leading, trailing, length, ones int) {
	return bits.LeadingZeros32(x), bits.TrailingZeros32(x), bits.Len32(x), bits.OnesCount32(x)
}

func Power32(k uint8) (leading, trailing, below, above int) {
	x := uint32(1) << (k & 31)
	return bits.LeadingZeros32(x), bits.TrailingZeros32(x), bits.Len32(x - 1), bits.OnesCount32(-x)
}

func Reverse32(x uint32) uint32 { return bits.Reverse32(x) }

//in:k -1000 -65 -64 -63 -33 -9..9 15..17 31..33 63..65 1000
func Rotate32(x uint32, k int) uint32 { return bits.RotateLeft32(x, k) }

func Bytes32(x uint32) uint32 { return bits.ReverseBytes32(x) }

func Count64(x uint64) (leading, trailing, length, ones int) {
	return bits.LeadingZeros64(x), bits.TrailingZeros64(x), bits.Len64(x), bits.OnesCount64(x)
}

func Power64(k uint8) (leading, trailing, below, above int) {
	x := uint64(1) << (k & 63)
	return bits.LeadingZeros64(x), bits.TrailingZeros64(x), bits.Len64(x - 1), bits.OnesCount64(-x)
}

func Reverse64(x uint64) uint64 { return bits.Reverse64(x) }

//in:k -1000 -65 -64 -63 -33 -9..9 15..17 31..33 63..65 1000
func Rotate64(x uint64, k int) uint64 { return bits.RotateLeft64(x, k) }

func Bytes64(x uint64) uint64 { return bits.ReverseBytes64(x) }

//in:carry 0 1
func AddUint(x, y, carry uint) (sum, out uint) { return bits.Add(x, y, carry) }

//in:borrow 0 1
func SubUint(x, y, borrow uint) (diff, out uint) { return bits.Sub(x, y, borrow) }

func MulUint(x, y uint) (hi, lo uint) { return bits.Mul(x, y) }

func DivUint(hi, lo, y uint) (quo, rem uint) { return bits.Div(hi, lo, y) }

func DivBelowUint(hi, lo, y uint) (quo, rem uint) {
	y |= 1
	return bits.Div(hi%y, lo, y)
}

func RemUint(hi, lo, y uint) uint { return bits.Rem(hi, lo, y) }

//in:carry 0 1
func Add32(x, y, carry uint32) (sum, out uint32) { return bits.Add32(x, y, carry) }

//in:borrow 0 1
func Sub32(x, y, borrow uint32) (diff, out uint32) { return bits.Sub32(x, y, borrow) }

func Mul32(x, y uint32) (hi, lo uint32) { return bits.Mul32(x, y) }

func Div32(hi, lo, y uint32) (quo, rem uint32) { return bits.Div32(hi, lo, y) }

func DivBelow32(hi, lo, y uint32) (quo, rem uint32) {
	y |= 1
	return bits.Div32(hi%y, lo, y)
}

func Rem32(hi, lo, y uint32) uint32 { return bits.Rem32(hi, lo, y) }

//in:carry 0 1
func Add64(x, y, carry uint64) (sum, out uint64) { return bits.Add64(x, y, carry) }

//in:borrow 0 1
func Sub64(x, y, borrow uint64) (diff, out uint64) { return bits.Sub64(x, y, borrow) }

func Mul64(x, y uint64) (hi, lo uint64) { return bits.Mul64(x, y) }

func Div64(hi, lo, y uint64) (quo, rem uint64) { return bits.Div64(hi, lo, y) }

func DivBelow64(hi, lo, y uint64) (quo, rem uint64) {
	y |= 1
	return bits.Div64(hi%y, lo, y)
}

func Rem64(hi, lo, y uint64) uint64 { return bits.Rem64(hi, lo, y) }

func Back(x, y, r uint64) bool {
	r %= y | 1
	hi, lo := bits.Mul64(x, y|1)
	lo, carry := bits.Add64(lo, r, 0)
	hi, carry = bits.Add64(hi, 0, carry)
	quo, rem := bits.Div64(hi, lo, y|1)
	return carry == 0 && quo == x && rem == r
}

func Size(x uint) uint { return x>>(bits.UintSize-1) + bits.UintSize }

var table = [3]int{bits.Len(1000), bits.TrailingZeros64(1 << 40), bits.OnesCount8(0x77)}

func AtStart(n uint8) int { return table[n%3] }
