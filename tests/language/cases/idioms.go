package idioms

func MulOverflows(a, b uint64) bool { c := a * b; return a != 0 && c/a != b }
func MulOverflowsS(a, b int64) bool { c := a * b; return a != 0 && c/a != b }
func MulHi(x, y uint64) (uint64, uint64) {
	const mask32 = 1<<32 - 1
	x0 := x & mask32
	x1 := x >> 32
	y0 := y & mask32
	y1 := y >> 32
	w0 := x0 * y0
	t := x1*y0 + w0>>32
	w1 := t & mask32
	w2 := t >> 32
	w1 += x0 * y1
	hi := x1*y1 + w2 + w1>>32
	lo := x * y
	return hi, lo
}
func AddCarry(x, y, c uint64) (uint64, uint64) {
	sum := x + y + c
	return sum, ((x & y) | ((x | y) &^ sum)) >> 63
}
func RotL(x uint64, k uint8) uint64 { return x<<(k&63) | x>>(64-k&63) }
func RotL8(x uint8, k uint8) uint8  { return x<<(k&7) | x>>(8-k&7) }
func PopCount(x uint64) int {
	n := 0
	for x != 0 {
		x &= x - 1
		n++
		if n > 64 {
			break
		}
	}
	return n
}
func PopTrick(x uint64) uint64 {
	x = x - x>>1&0x5555555555555555
	x = x&0x3333333333333333 + x>>2&0x3333333333333333
	x = (x + x>>4) & 0x0f0f0f0f0f0f0f0f
	return x * 0x0101010101010101 >> 56
}
func Swap(x uint32) uint32   { return x<<24 | x<<8&0xff0000 | x>>8&0xff00 | x>>24 }
func Swap16(x uint16) uint16 { return x<<8 | x>>8 }
func Swap64(x uint64) uint64 {
	var r uint64
	for i := 0; i < 8; i++ {
		r = r<<8 | x>>(8*i)&0xff
	}
	return r
}
func Mean(a, b int64) int64 { return a&b + (a^b)>>1 }
func Abs(a int64) int64 {
	if a < 0 {
		return -a
	}
	return a
}
func Sat(a, b int8) int8 {
	c := int16(a) + int16(b)
	if c > 127 {
		c = 127
	}
	if c < -128 {
		c = -128
	}
	return int8(c)
}
func SatU(a, b uint32) uint32 {
	c := a + b
	if c < a {
		return ^uint32(0)
	}
	return c
}
func SumSquares(n uint16) uint64 {
	var s uint64
	for i := uint64(0); i < uint64(n&63); i++ {
		s += i * i * i
	}
	return s
}
func SumI(n uint32) (uint64, bool) {
	var s uint64
	for i := uint32(0); i < n; i++ {
		s += uint64(i) * 3
		if i > 100 {
			return s, false
		}
	}
	return s, true
}
func DivBy(a uint64) uint64 { return a/7 + a/10 + a%1000 }
func DivByS(a int64) int64  { return a/7 + a/-10 + a%1000 }
func Cttz(x uint64) int {
	n := 0
	for x&1 == 0 && n < 64 {
		x >>= 1
		n++
	}
	return n
}
func Clz(x uint32) int {
	n := 0
	for x&0x80000000 == 0 && n < 32 {
		x <<= 1
		n++
	}
	return n
}
func Log2(x uint32) int {
	n := -1
	for x > 0 {
		x >>= 1
		n++
	}
	return n
}

var tab = [16]uint8{0, 1, 2, 7, 3, 13, 8, 27, 4, 1, 1, 1, 1, 1, 1, 1}

func Lookup(x uint32) uint8 { return tab[(x&-x*0x077CB531)>>28] }
func MinMaxLoop(n uint8) (uint8, uint8) {
	lo, hi := uint8(255), uint8(0)
	for i := uint8(0); i < 16; i++ {
		v := n*i ^ 0x5a
		lo = min(lo, v)
		hi = max(hi, v)
	}
	return lo, hi
}
func Three(a, b int32) int {
	if a < b {
		return -1
	}
	if a > b {
		return 1
	}
	return 0
}
func ThreeU(a, b uint64) int {
	if a < b {
		return -1
	}
	if a > b {
		return 1
	}
	return 0
}
func Parity(x uint64) bool {
	p := false
	for i := 0; i < 64; i++ {
		if x>>i&1 == 1 {
			p = !p
		}
	}
	return p
}
func Crc(x uint64) uint32 {
	c := ^uint32(0)
	for i := 0; i < 8; i++ {
		c ^= uint32(x>>(8*i)) & 0xff
		for k := 0; k < 8; k++ {
			if c&1 != 0 {
				c = c>>1 ^ 0xedb88320
			} else {
				c >>= 1
			}
		}
	}
	return ^c
}
func Isqrt(x uint64) uint64 {
	var r uint64
	for b := uint64(1) << 31; b != 0; b >>= 1 {
		if (r+b)*(r+b) <= x {
			r += b
		}
	}
	return r
}
func Pow(x uint32, n uint8) uint32 {
	r := uint32(1)
	n &= 31
	for n > 0 {
		if n&1 != 0 {
			r *= x
		}
		x *= x
		n >>= 1
	}
	return r
}
func Gcd(a, b uint32) uint32 {
	for i := 0; i < 64 && b != 0; i++ {
		a, b = b, a%b
	}
	return a
}
