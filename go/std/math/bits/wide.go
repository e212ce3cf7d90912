//go:build bpf

package bits

// Arithmetic whose result is wider than its operands.

// Add is x + y + carry; carry is 0 or 1, and so is carryOut.
func Add(x, y, carry uint) (sum, carryOut uint) {
	sum = x + y + carry
	return sum, (x&y | (x|y)&^sum) >> 63
}

// Add32 is x + y + carry; carry is 0 or 1, and so is carryOut.
func Add32(x, y, carry uint32) (sum, carryOut uint32) {
	wide := uint64(x) + uint64(y) + uint64(carry)
	return uint32(wide), uint32(wide >> 32)
}

// Add64 is x + y + carry; carry is 0 or 1, and so is carryOut.
func Add64(x, y, carry uint64) (sum, carryOut uint64) {
	sum = x + y + carry
	return sum, (x&y | (x|y)&^sum) >> 63
}

// Sub is x - y - borrow; borrow is 0 or 1, and so is borrowOut.
func Sub(x, y, borrow uint) (diff, borrowOut uint) {
	diff = x - y - borrow
	return diff, (^x&y | (^x|y)&diff) >> 63
}

// Sub32 is x - y - borrow; borrow is 0 or 1, and so is borrowOut.
func Sub32(x, y, borrow uint32) (diff, borrowOut uint32) {
	diff = x - y - borrow
	return diff, (^x&y | (^x|y)&diff) >> 31
}

// Sub64 is x - y - borrow; borrow is 0 or 1, and so is borrowOut.
func Sub64(x, y, borrow uint64) (diff, borrowOut uint64) {
	diff = x - y - borrow
	return diff, (^x&y | (^x|y)&diff) >> 63
}

// Mul is x * y in 128 bits.
func Mul(x, y uint) (hi, lo uint) {
	h, l := Mul64(uint64(x), uint64(y))
	return uint(h), uint(l)
}

// Mul32 is x * y in 64 bits.
func Mul32(x, y uint32) (hi, lo uint32) {
	wide := uint64(x) * uint64(y)
	return uint32(wide >> 32), uint32(wide)
}

// half is the lower half of a number.
const half = 1<<32 - 1

// Mul64 is x * y in 128 bits.
func Mul64(x, y uint64) (hi, lo uint64) {
	xh, xl, yh, yl := x>>32, x&half, y>>32, y&half
	// No sum below overflows: each is at most (2³²-1)² plus twice 2³²-1.
	cross := xl*yl>>32 + xh*yl
	other := cross&half + xl*yh
	return xh*yh + cross>>32 + other>>32, x * y
}

// Div divides the 128 bits of hi and lo by y; it panics where the quotient has no room in 64 bits.
func Div(hi, lo, y uint) (quo, rem uint) {
	q, r := Div64(uint64(hi), uint64(lo), uint64(y))
	return uint(q), uint(r)
}

// Div32 divides the 64 bits of hi and lo by y; it panics where the quotient has no room in 32 bits.
func Div32(hi, lo, y uint32) (quo, rem uint32) {
	if y <= hi {
		panic("the quotient has no room in 32 bits")
	}
	wide := uint64(hi)<<32 | uint64(lo)
	return uint32(wide / uint64(y)), uint32(wide % uint64(y))
}

// Div64 divides the 128 bits of hi and lo by y; it panics where the quotient has no room in 64 bits.
func Div64(hi, lo, y uint64) (quo, rem uint64) {
	if y <= hi {
		panic("the quotient has no room in 64 bits")
	}
	if hi == 0 {
		return lo / y, lo % y
	}
	// By hand, in digits of 32 bits. With the divisor's top bit set, a digit that is guessed from
	// the divisor's first digit alone is at most two too large.
	shift := leadingZeros64(y)
	y <<= shift
	top := hi<<shift | lo>>1>>(63-shift)
	lo <<= shift
	first, rest := digit(top, lo>>32, y)
	second, rest := digit(rest, lo&half, y)
	return first<<32 | second, rest >> shift
}

// digit is one step of a division by hand: top and the next digit behind it by y, for which top < y.
func digit(top, next, y uint64) (digit, rest uint64) {
	yh, yl := y>>32, y&half
	digit = top / yh
	rest = top % yh
	if digit > half {
		rest += (digit - half) * yh
		digit = half
	}
	for range 2 {
		if rest > half || digit*yl <= rest<<32|next {
			break
		}
		digit--
		rest += yh
	}
	return digit, top<<32 + next - digit*y
}

// Rem is the remainder of the 128 bits of hi and lo by y; it panics only where y is 0.
func Rem(hi, lo, y uint) uint { return uint(Rem64(uint64(hi), uint64(lo), uint64(y))) }

// Rem32 is the remainder of the 64 bits of hi and lo by y; it panics only where y is 0.
func Rem32(hi, lo, y uint32) uint32 {
	return uint32((uint64(hi)<<32 | uint64(lo)) % uint64(y))
}

// Rem64 is the remainder of the 128 bits of hi and lo by y; it panics only where y is 0.
func Rem64(hi, lo, y uint64) uint64 {
	_, rem := Div64(hi%y, lo, y)
	return rem
}
