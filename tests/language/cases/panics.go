package panics

// What a panic leaves undone shows in Effects.
var Effects uint64

type node struct {
	v    int32
	next *node
}

//in:i -1..5
func IndexOutOfRange(i int) int32 {
	a := [4]int32{1, 2, 3, 4}
	Effects |= 1
	v := a[i]
	Effects |= 2
	return v
}

//in:i -1..5
func StoreOutOfRange(i int) int32 {
	var a [4]int32
	a[0] = 1
	Effects = 5
	a[i] = 9
	Effects = 6
	return a[0]
}

func DivideByZero(a, b int32) int32 {
	Effects++
	c := a / b
	Effects++
	return c
}

func RemainderByZero(a, b uint8) uint8 {
	Effects = uint64(a)
	c := a % b
	Effects += 1000
	return c
}

func NilPointer(set bool) int32 {
	x := int32(3)
	var p *int32
	if set {
		p = &x
	}
	Effects = 1
	*p = 4
	Effects = 2
	return x
}

func NilStructField(set bool) int32 {
	n := node{v: 1}
	if set {
		n.next = &node{v: 2}
	}
	Effects = 1
	v := n.next.v
	Effects = 2
	return v
}

func NilFieldAddress(set bool) bool {
	n := node{v: 1}
	var m *node
	if set {
		m = &n
	}
	p := &m.v
	Effects = 2
	return p == &n.v
}

//in:n -1..9
func ShiftNegative(n int) uint32 {
	Effects = 1
	v := uint32(1) << n
	Effects = 2
	return v
}

//in:lo -1..5
//in:hi -1..5
func SliceBounds(lo, hi int) int {
	var a [4]uint8
	Effects = 1
	s := a[lo:hi]
	Effects = 2
	return len(s)
}

func Explicit(a int32) int32 {
	Effects = 3
	if a > 100 {
		panic("too much")
	}
	Effects = 4
	return a
}

func ExplicitInt(a int32) int32 {
	if a < 0 {
		panic(a)
	}
	return a * 2
}

//go:noinline
func deepest(i int32) int32 {
	a := [3]int32{1, 2, 3}
	Effects += 1
	v := a[i]
	Effects += 1
	return v
}

//go:noinline
func deeper(i int32) int32 {
	Effects += 16
	v := deepest(i)
	Effects += 16
	return v + 1
}

//go:noinline
func deep(i int32) (int32, uint64) {
	Effects += 256
	v := deeper(i)
	Effects += 256
	return v, uint64(v) << 40
}

//in:i -2..4
func SeveralFrames(i int32) (int32, uint64) {
	Effects = 0x10000
	v, w := deep(i)
	Effects += 0x10000
	return v, w
}

//go:noinline
func mayPanic(a int32) {
	if a == 3 {
		panic("three")
	}
	Effects += uint64(uint32(a))
}

//in:a 0..6
func NoResult(a int32) int32 {
	mayPanic(a)
	mayPanic(a + 1)
	Effects += 0x100
	return a
}

//in:n 0..8
func InLoop(n int) int {
	n = min(n, 8)
	s := 0
	for i := 0; i < n; i++ {
		mayPanic(int32(i) + 1000)
		Effects++
		s += 10 / (5 - i)
	}
	return s
}

//go:noinline
func always(a int32) int32 { panic("always") }

func AlwaysPanics(a int32) int32 {
	Effects = 1
	b := always(a)
	Effects = 2
	return b
}

func OnlyWhenReached(a int32) int32 {
	if a > 0 {
		return a
	}
	return always(a)
}

func ShortCircuitGuards(a, b int32) bool {
	return b != 0 && a/b > 1
}

//in:i -1..4
func BeforeStore(i int) (int32, int32) {
	a := [3]int32{1, 2, 3}
	b := [3]int32{4, 5, 6}
	b[0], a[i] = 7, b[1]
	return a[0], b[0]
}

//go:noinline
func fill(p *[4]uint8, i int) bool {
	p[0] = 1
	Effects = 1
	p[i] = 2
	Effects = 2
	return true
}

//in:i -1..5
func ThroughPointer(i int) (uint8, bool) {
	var a [4]uint8
	ok := fill(&a, i)
	return a[0] + a[3], ok
}

//go:noinline
func nilDeref(p *node) *node { return p.next }

func NilThroughCall(n uint8) int32 {
	c := node{v: 3}
	b := node{v: 2, next: &c}
	a := node{v: 1, next: &b}
	p := &a
	Effects = 1
	if n > 1 {
		p = nilDeref(p)
	}
	Effects = 2
	if n > 10 {
		p = nilDeref(nilDeref(p))
	}
	Effects = 3
	return p.v
}

//go:noinline
func boolPanics(a, b int8) bool {
	return a/b == 2
}

func BoolResult(a, b int8) int {
	if boolPanics(a, b) {
		return 1
	}
	Effects = 8
	return 0
}

//in:n 0..5
func ArrayConversion(n int) int32 {
	a := [4]int32{1, 2, 3, 4}
	Effects = 1
	s := a[:n]
	Effects = 2
	p := (*[2]int32)(s)
	Effects = 3
	return p[1]
}

func UnusedDereference(set bool) int32 {
	x := node{v: 1}
	var p *node
	if set {
		p = &x
	}
	_ = *p
	Effects = 1
	return 2
}

//in:i 0..4
func UnusedIndex(i int) int32 {
	a := [3]int32{}
	_ = a[i]
	Effects = 1
	return 2
}

func UnusedDivision(a, b int32) int32 {
	_ = a / b
	Effects = 1
	return 2
}
