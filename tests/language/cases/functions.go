package functions

func divmod(a, b int32) (q, r int32) {
	q = a / b
	r = a % b
	return
}

func Several(a, b int32) (int32, int32) {
	q, r := divmod(a, b)
	_, s := divmod(b, 7)
	return q + s, r
}

func twoPhases(a, b int32) (x, y int32) {
	x, y = a, b
	if a > b {
		return y, x
	}
	x++
	return x, y
}

func NamedResults(a, b int32) (int32, int32) { return twoPhases(a, b) }

func forward(a, b int32) (int32, int32) { return divmod(b, a) }

func Forward(a, b int32) (int32, int32) { return forward(a, b) }

func add3(a, b, c int32) int32 { return a*4 + b*2 + c }

func spread(a int32) (int32, int32, int32) { return a, a + 1, a + 2 }

func Spread(a int32) int32 { return add3(spread(a)) }

func many(a int8, b uint16, c int32, d uint64, e bool, f int16, g uint8, h int64) int64 {
	r := int64(a) + int64(b)*2 + int64(c)*3 + int64(d)*4 + int64(f)*5 + int64(g)*6 + h*7
	if e {
		r = -r
	}
	return r
}

func ManyParameters(a int8, b uint16, c int32, d uint64, e bool, f int16, g uint8, h int64) int64 {
	return many(a, b, c, d, e, f, g, h)
}

func six(a, b, c, d, e, f int32) (int32, int32, int32, int32, int32, int32) {
	return f, e, d / (a | 1), c, b, a
}

func ManyBoth(a, b, c, d, e, f int32) (int32, int32, int32, int32, int32, int32) {
	return six(a, b, c, d, e, f)
}

func mixedResults(a int8, b bool) (int8, bool, uint16, int64) {
	return a + 1, !b, uint16(a), int64(a) << 33
}

func MixedResults(a int8, b bool) (int8, bool, uint16, int64) {
	w, x, y, z := mixedResults(a, b)
	w2, x2, _, _ := mixedResults(w, x)
	return w2, x2, y, z
}

func narrow8(a int8) int8       { return a * 3 }
func narrowU16(a uint16) uint16 { return a + 0xfff0 }
func narrowBool(a int32) bool   { return a&2 != 0 }
func narrow32(a int32) int32    { return -a }

func NarrowResults(a int32) (int64, uint64, int, int64) {
	n := 0
	if narrowBool(a) {
		n = 1
	}
	return int64(narrow8(int8(a))), uint64(narrowU16(uint16(a))), n, int64(narrow32(a))
}

func checked8(a, b int8) int8    { return a / b }
func checkedBool(a, b int8) bool { return a/b > 0 }
func checkedU32(a, b uint32) uint32 {
	if b == 5 {
		panic("five")
	}
	return a - b
}
func checked64(a, b int64) int64 { return a % b }

func PackedResults(a, b int8, c, d uint32) (int8, bool, uint32) {
	return checked8(a, b), checkedBool(a, b), checkedU32(c, d)
}

func StatusResult(a, b int64) int64 { return checked64(a, b) + checked64(b, a) }

func inc(p *int32) { *p++ }

func incTwice(p *int32) {
	inc(p)
	q := p
	inc(q)
}

func PointerDown(a int32) int32 {
	x := a
	incTwice(&x)
	p := &x
	inc(p)
	return x
}

func pick(p, q *int32, first bool) *int32 {
	if first {
		return p
	}
	return q
}

func PointerBack(a, b int32, first bool) (int32, int32) {
	x, y := a, b
	*pick(&x, &y, first) += 10
	return x, y
}

func maybe(p *int32, n int32) *int32 {
	if n > 0 {
		return p
	}
	return nil
}

func NilResult(a int32) int32 {
	x := int32(5)
	if p := maybe(&x, a); p != nil {
		return *p
	}
	return -1
}

func swap(p, q *int64) { *p, *q = *q, *p }

func SwapPointers(a, b int64) (int64, int64) {
	swap(&a, &b)
	swap(&a, &a)
	return a, b
}

func out(a int32, q, r *int32) bool {
	if a == 0 {
		return false
	}
	*q, *r = 100/a, 100%a
	return true
}

func OutParameters(a int32) (int32, int32, bool) {
	var q, r int32
	ok := out(a, &q, &r)
	return q, r, ok
}

func level3(a int32) int32 { return a + 1 }
func level2(a int32) int32 { return level3(a) * level3(a+1) }
func level1(a int32) int32 { return level2(a) - level2(a-1) }

func Deep(a int32) int32 { return level1(a) + level1(-a) }

func early(a int32) (r int32) {
	r = 7
	if a < 0 {
		return
	}
	if a == 0 {
		return 1
	}
	r += a
	return
}

func Early(a int32) int32 { return early(a) }

func blankParam(_ int32, b int32, _ bool) (int32, int32) { return b, 1 }

func BlankParam(a, b int32) (int32, int32) { return blankParam(a, b, true) }

func Discard(a, b int32) int32 {
	divmod(a, b|1)
	_ = add3(a, b, 1)
	_, _ = divmod(b, a|1)
	return a
}

func DiscardPanic(a, b int32) int32 {
	_, _ = divmod(a, b)
	return 1
}

func modify(a int32, s struct{ x, y int32 }, arr [3]int32) int32 {
	a++
	s.x += a
	arr[1] += s.x
	return arr[1] + s.y
}

func ParametersAreCopies(a int32) (int32, int32, int32, int32) {
	s := struct{ x, y int32 }{a, 2}
	arr := [3]int32{1, a, 3}
	r := modify(a, s, arr)
	return r, a, s.x, arr[1]
}

//in:n 0..12
func CallInLoop(n int) int32 {
	n = min(n, 12)
	t := int32(1)
	for i := 0; i < n; i++ {
		t = add3(t, int32(i), early(t))
	}
	return t
}

type op uint8

const (
	opAdd op = iota
	opSub
	opMul
	opDiv
)

func apply(o op, a, b int32) int32 {
	switch o {
	case opAdd:
		return a + b
	case opSub:
		return a - b
	case opMul:
		return a * b
	case opDiv:
		return a / b
	}
	panic("unknown")
}

//in:o 0..5
func Dispatch(o uint8, a, b int32) int32 { return apply(op(o), a, b) }

var Effects uint64

func trace(n int32) int32 {
	Effects = Effects*16 + uint64(n)
	return n
}

func ArgumentOrder() int32 { return add3(trace(1), trace(2), trace(3)) + trace(4)*trace(5) }

func ReturnOrder() (int32, int32, int32) { return trace(3), trace(1), trace(2) }

func twoTraced() (int32, int32) { return trace(6), trace(7) }

func AssignmentOrder(a int32) (int32, int32) {
	var arr [4]int32
	arr[trace(1)], arr[trace(2)] = twoTraced()
	arr[trace(3)] += trace(4) * a
	return arr[1] + arr[3], arr[2]
}

func CompositeOrder() int32 {
	p := struct{ x, y, z int32 }{trace(1), trace(2), trace(3)}
	q := [3]int32{trace(4), trace(5), trace(6)}
	return p.x + q[2]
}

func ownCopy(a int32) int32 {
	incTwice(&a)
	return a
}

// What ownCopy writes is its own, though incTwice also gets addresses from here.
func OwnVariable(a int32) int32 {
	incTwice(&a)
	return a + ownCopy(a)*a
}
