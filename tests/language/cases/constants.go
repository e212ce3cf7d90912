package constants

const (
	huge   = 1 << 100
	small  = huge >> 98
	third  = 1.0 / 3
	one    = third * 3
	seven  = 7.0 / 2 * 2
	letter = 'a'
	mask   = ^uint32(0)
)

const (
	kb = 1 << (10 * (iota + 1))
	mb
	gb
)

type color uint8

const (
	red color = iota + 1
	_
	blue
	alpha = blue << 4
)

type weekday int8

const (
	a0, b0 = iota, iota * 10
	a1, b1
	_, _
	a3, b3
)

func Folded() (int, int, int, int32, uint32) { return small, one, seven, letter, mask }

func Iota() (int, int, uint8, uint8, int, int) {
	return kb + mb, gb, uint8(blue), uint8(alpha), a1 + b1, a3 + b3
}

//in:n 0..5
func UntypedShift(n uint8) (int, uint64, uint8, int64) {
	var x uint64 = 1 << n
	return 1 << n, x << (1 << n), uint8(1 << (n + 5)), 1<<n + int64(n)
}

//in:n 0..9
func ShiftOfShift(n uint32) (uint8, uint16, uint32) {
	return 1 << (1 << n), uint16(3) << (1 << n), uint32(1) << (1 << n)
}

//in:n 0..70
func ShiftTyped(n uint) (uint8, int32, int64, bool) {
	var i int32 = 1 << n
	var b bool = uint8(1<<n) == 0
	return uint8(1 << n), i, int64(1) << n, b
}

func Mixed(x int32) (int32, int32, bool) {
	return x + 'a', x * (7.0 / 2 * 2), x > 1e3
}

func Wide(x uint64) (bool, uint64) {
	const big = 1<<64 - 1
	return x == big, x & (big >> 4)
}

func Min() (int64, int8, int64) {
	const low = -1 << 63
	return low, -1 << 7, low / 2
}

func NegateMin(x int64) bool { return x == -1<<63 && -x == x }

func Complement(x uint8) (uint8, uint8) { return x &^ 0x0f, ^x & 0xf0 }

func Bytes(x uint8) (bool, uint8) { return x >= 'a' && x <= 'z', x - 'a' + 'A' }

func LenConst() int {
	const n = len([10]int{})
	var a [n * 2]uint8
	return len(a) + cap(a)
}

func ConstBool() bool {
	const t = 3 > 2 && !(1 == 2)
	return t
}

func UnsignedDivision(x uint64) (uint64, uint64) { return x / (1<<63 + 1), x % 1e9 }

func BigMul(x uint64) uint64 { return x * 0x9E3779B97F4A7C15 }

func Compare(x int8, y uint16) (bool, bool, bool) { return x > -128, y <= 65535, x < 127 }

func MinMax(x int32) (int32, int32, int32) { return min(x, 3), max(x, -3, 2), min(max(x, -10), 10) }

func Rune(x rune) (rune, bool) { return x + 'é', x == '\n' }
