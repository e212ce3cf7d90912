package std_small

import (
	"cmp"
	"math"
	"structs"
	"time"
)

// Each function of cmp and time that the kernel has, and the constants of math.

func Compare(a, b int8, c, d uint64) (x, y int, less, below bool) {
	return cmp.Compare(a, b), cmp.Compare(c, d), cmp.Less(a, b), cmp.Less(c, d)
}

func Or(a, b, c int16) (x int16, y bool) { return cmp.Or(a, b, c), cmp.Or(a > b, b > c) }

func Chain(a, b int32, c, d uint8) int { return cmp.Or(cmp.Compare(a, b), -cmp.Compare(c, d)) }

func Limits(x int64) (a int8, b int16, c int32, d int64, e uint64, f bool) {
	return math.MaxInt8, math.MinInt16, math.MaxInt32, math.MinInt64 + x&1, math.MaxUint64, x == math.MaxInt64
}

func MoreLimits() (a int8, b int16, c int32, d int, e int, f uint8, g uint16, h uint32, i uint) {
	return math.MinInt8, math.MaxInt16, math.MinInt32, math.MinInt, math.MaxInt,
		math.MaxUint8, math.MaxUint16, math.MaxUint32, math.MaxUint
}

const (
	through = 1 << 52 * (math.Pi - 3) / (math.Pi - 3)
	mixed   = 90 * math.MaxInt16 / 4.5
	largest = math.MaxFloat64 / math.MaxFloat64 * 7
	least   = math.SmallestNonzeroFloat64 / math.SmallestNonzeroFloat64
)

func Through(x uint64) (uint64, int32, bool) {
	return x + through, mixed + largest + least, math.Sqrt2*math.Sqrt2 > 1.9999
}

func Span(d int64) (ns, us, ms, abs int64) {
	t := time.Duration(d)
	return t.Nanoseconds(), t.Microseconds(), t.Milliseconds(), int64(t.Abs())
}

func Units(n uint8) int64 {
	switch n & 7 {
	case 0:
		return int64(time.Nanosecond)
	case 1:
		return int64(time.Microsecond)
	case 2:
		return int64(time.Millisecond)
	case 3:
		return int64(time.Second)
	case 4:
		return int64(time.Minute)
	case 5:
		return int64(time.Hour)
	}
	return int64(time.Duration(n) * 10 * time.Minute / time.Second)
}

func Rounded(d, m int64) (down, near int64) {
	return int64(time.Duration(d).Truncate(time.Duration(m))), int64(time.Duration(d).Round(time.Duration(m)))
}

//in:m -1 0 1 2 3 7 10 1000
func RoundedSmall(d int16, m int64) (down, near int64) {
	return int64(time.Duration(d).Truncate(time.Duration(m))), int64(time.Duration(d).Round(time.Duration(m)))
}

type pair struct {
	_    structs.HostLayout
	a, b uint32
}

func Layout(a, b uint32) bool { return pair{a: a, b: b} == pair{a: b, b: a} }

var words = [...]string{"", "a", "b", "ab", "abc"}

//in:i 0..4
//in:j 0..4
//in:k 0..4
func Words(i, j, k uint8) (order int, less bool, first int) {
	x, y := words[i], words[j]
	return cmp.Compare(x, y), cmp.Less(x, y), len(cmp.Or(x, y, words[k]))
}
