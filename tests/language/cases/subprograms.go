package subprograms

// What goes into a function and comes back from it where it stays a function. The harness runs each of
// these inlined as well.

type small struct {
	A int8
	B bool
	C uint16
}

type wide struct {
	X, Y int64
	S    small
	T    [3]int32
}

type node struct {
	P    *int64
	Next *node
	N    int32
}

type view struct {
	Items []int32
	Last  int
}

var table = [8]int32{3, 1, 4, 1, 5, 9, 2, 6}
var Effects uint64

func twelve(a int8, b uint8, c bool, d int16, e uint16, f int32, g uint32, h bool, i int64, j uint64, k *int32, l small) int64 {
	if c == h {
		*k += int32(a) * int32(d)
	}
	return int64(a) - int64(b)*3 + int64(d)<<2 ^ int64(e) + int64(f) - int64(g) + i ^ int64(j) + int64(l.A) + int64(l.C)
}

func TwelveParameters(a int8, b uint8, c bool, d int16, e uint16, f int32, g uint32, h bool, i int64, j uint64) (int64, int32) {
	n := int32(5)
	r := twelve(a, b, c, d, e, f, g, h, i, j, &n, small{a, c, e})
	return r, n
}

func ten(a, b, c, d, e, f, g, h, i, j uint64) (uint64, bool, int8, uint64) {
	return a/b + c%d, e > f, int8(g) / int8(h), i - j
}

func TenParametersFourResultsAndAPanic(a, b, c, d, e, f, g, h, i, j uint64) (uint64, bool, int8, uint64) {
	return ten(a, b, c, d, e, f, g, h, i, j)
}

func mixed(w wide, a [3]int32, s []int32, v small, b bool, n int16) (wide, []int32, small, bool, int16) {
	w.X += int64(a[1])
	w.T = a
	w.S = v
	a[0] = 99
	if b {
		s = s[1:]
	}
	v.A++
	return w, s, v, !b, -n
}

func MixedAggregates(x int64, p, q int32, c int8, d bool, n int16) (int64, int32, int32, int8, bool, int16, int, int32) {
	arr := [3]int32{p, q, p - q}
	w, s, v, b, m := mixed(wide{X: x}, arr, arr[:], small{c, d, 7}, d, n)
	return w.X + int64(w.S.C), w.T[0] + arr[0], w.T[2], v.A - w.S.A, b, m, len(s), s[0]
}

func bigResult(a int64, at uint8) (r [9]int64) {
	for i := range r {
		r[i] = a * int64(i+1)
	}
	r[at] = -1
	return
}

//in:at 0..20
func LargeResult(a int64, at uint8) (int64, int64, int64) {
	r := bigResult(a, at)
	s := bigResult(r[1], 3)
	return r[0] + r[8], s[2], s[3]
}

func structBack(a int8, b uint16) small { return small{a + 1, a > 3, b * 3} }

func StructResult(a int8, b uint16) (int8, bool, uint16) {
	s := structBack(a, b)
	t := structBack(s.A, s.C)
	return s.A ^ t.A, s.B != t.B, t.C - s.C
}

func tailOf(s []int32, from int) []int32 { return s[from:] }

//in:from 0..9
func SliceResult(from int) (int, int, int32) {
	s := tailOf(table[:6], from)
	r := int32(0)
	for _, x := range s {
		r = r*3 + x
	}
	return len(s), cap(s), r
}

func fill(s []int32, with int32) int {
	for i := range s {
		s[i] = with + int32(i)
	}
	return len(s)
}

//in:from 0..6
//in:to 0..6
func SliceOfCallersArray(from, to int, with int32) (int, int32, int32, int32) {
	var a [5]int32
	n := fill(a[from:to], with)
	return n, a[0], a[2], a[4]
}

func ofStruct(v view, i int) int32 {
	return v.Items[i] + v.Items[v.Last]
}

//in:i 0..6
//in:last 0..6
func SliceInAStruct(i, last int) int32 {
	a := [4]int32{10, 20, 30, 40}
	return ofStruct(view{a[:], last}, i)
}

func bump(w *wide, by int64) {
	w.Y += by
	w.S.C++
	w.T[1] -= int32(by)
}

func bumpTwice(w *wide, by int64) *wide {
	bump(w, by)
	bump(w, -by*3)
	return w
}

func PointerToCallersStruct(a, by int64) (int64, uint16, int32) {
	w := wide{Y: a}
	for i := 0; i < 3; i++ {
		bump(&w, by+int64(i))
	}
	bumpTwice(&w, by)
	return w.Y, w.S.C, w.T[1]
}

func (w *wide) inner(i uint8) *int32 { return &w.T[i] }

func (w wide) sum() int64 { return w.X + w.Y + int64(w.S.C) + int64(w.T[0]) }

func (s small) add(o small) small { return small{s.A + o.A, s.B || o.B, s.C - o.C} }

//in:i 0..4
func Methods(i uint8, a int8, v int32) (int64, int8, bool, int32) {
	var w wide
	*w.inner(i) = v
	s := small{A: a}.add(small{a, a > 0, 3}).add(small{1, false, 1})
	w.S = s
	return w.sum(), s.A, s.B, *w.inner(0) + *w.inner(1)
}

func firstOf(n *node) int64 { return *n.P + int64(n.N) }

func PointerInAStruct(a int64, n int32) int64 {
	x := a
	m := node{P: &x, N: n}
	return firstOf(&m)
}

func deep3(n uint8, d int32) int32 { return table[n] / d }
func deep2(n uint8, d int32) (int32, bool) {
	Effects++
	r := deep3(n, d)
	Effects += 10
	return r, r > 1
}
func deep1(n uint8, d int32) int64 {
	Effects += 100
	r, ok := deep2(n, d)
	if !ok {
		r += 7
	}
	Effects += 1000
	return int64(r)
}

//in:n 0..9
//in:d 0 1 2 -1
func PanicsThreeDeep(n uint8, d int32) int64 { return deep1(n, d) }

//in:n 0..9
//in:to 0..12
func PanicsInALoop(n uint8, to uint8) int64 {
	t := int64(0)
	for i := n; i < to; i++ {
		t += deep1(i, int32(i)-5)
	}
	return t
}

func nothing(n uint8) { Effects += uint64(table[n]) }

//in:n 0..9
func NoResult(n uint8) int32 {
	nothing(n)
	nothing(n / 2)
	return 1
}

func boolean(a, b int32) bool { return a/b > 2 }

func Bools(a, b int32) (bool, bool) { return boolean(a, b), !boolean(b, a) && boolean(a, 2) }

func signs(a int8, b int16, c int32) (int8, int16, int32) { return -a, b >> 1, c % 7 }

func SmallSigned(a int8, b int16, c int32) (int, int64, int) {
	x, y, z := signs(a, b, c)
	return int(x) * 3, int64(y) - 1, int(z)
}

func one8(a int8) int8      { return a >> 1 }
func one16(a int16) int16   { return a / 3 }
func oneU8(a uint8) uint8   { return a + 200 }
func chk16(a, b int16) int16 { return a / b }

func Narrow(a int8, b int16, c uint8) (int64, int64, uint64, int64, bool) {
	return int64(one8(a)), int64(one16(b)), uint64(oneU8(c)), int64(chk16(b, int16(a))), one8(a) < 0 && oneU8(c) > 100
}

// countDown counts in a narrow signed type.
func countDown(from int8) (n int32) {
	for i := from; i > 0; i-- {
		n += int32(i)
	}
	return
}

func countUp(to int16) (n int32) {
	for i := int16(0); i < to; i++ {
		if i >= 20 {
			break
		}
		n += int32(i)
	}
	return
}

func NarrowCounters(a int8, b int16) (int32, int32) { return countDown(a), countUp(b) }

func between(lo, hi int8) (n int32) {
	for i := lo; i < hi; i++ {
		n++
	}
	return
}

func NarrowBetween(a, b int8) int32 { return between(a, b) }

type acc struct {
	N   int32
	Max int16
}

func (a *acc) put(v int16) bool {
	a.N++
	if v > a.Max {
		a.Max = v
		return true
	}
	return false
}

func PutInALoop(a, b int16) (int32, int16, int32) {
	s := acc{Max: -5}
	grown := int32(0)
	for i := int16(0); i < 6; i++ {
		if s.put(a*i - b) {
			grown++
		}
	}
	return s.N, s.Max, grown
}

func generic[T int8 | uint32 | int64](a, b T) (T, bool) {
	if a > b {
		return a - b, true
	}
	return a / b, false
}

func Generic(a, b int8, c, d uint32, e, f int64) (int8, bool, uint32, bool, int64, bool) {
	x, p := generic(a, b)
	y, q := generic(c, d)
	z, r := generic(e, f)
	return x, p, y, q, z, r
}

func array(a [2][3]int16, i, j uint8) (int16, [3]int16) { return a[i][j], a[1-i] }

//in:i 0..3
//in:j 0..4
func ArrayOfArrays(i, j uint8, v int16) (int16, int16) {
	a := [2][3]int16{{1, 2, v}, {v, 5, 6}}
	x, row := array(a, i, j)
	return x, row[j] + a[0][2]
}

func variadic(scale int32, xs ...int32) (t int32) {
	for i, x := range xs {
		t += x * scale * int32(i+1)
	}
	return
}

func Variadic(a, b, c int32) (int32, int32, int32) {
	return variadic(2, a, b, c), variadic(a), variadic(3, table[:4]...)
}

// narrow counters with bounds from data
func up8(to int8) (n int32) {
	for i := int8(-3); i <= to; i++ {
		if i == 127 {
			break
		}
		n += int32(i) * 3
	}
	return
}

func step16(to int16) (n int32) {
	if to > 40 {
		to = 40
	}
	for i := int16(0); i < to; i += 3 {
		n += int32(i)
	}
	return
}

func Counters(b int8, c int16) (int32, int32) { return up8(b), step16(c) }

func idx8(i int8) int32 {
	t := int32(0)
	for ; i < 8; i++ {
		t += table[i]
	}
	return t
}

//in:i -3..9
func IndexedByNarrow(i int8) int32 { return idx8(i) }





func collatz(n uint32) (steps int) {
	for n != 1 {
		if n&1 == 0 {
			n /= 2
		} else {
			n = 3*n + 1
		}
		steps++
		if steps > 100 {
			return -1
		}
	}
	return
}

//in:n 1..30
func Collatz(n uint32) int { return collatz(n) }

func find(s []int32, x int32) int {
	for i, v := range s {
		if v == x {
			return i
		}
	}
	return -1
}

func Find(x int32) (int, int) { return find(table[:], x), find(table[2:5], x) }

func sort(s []int32) {
	for i := 1; i < len(s); i++ {
		for j := i; j > 0 && s[j] < s[j-1]; j-- {
			s[j], s[j-1] = s[j-1], s[j]
		}
	}
}

func Sorted(a, b, c, d int32) (int32, int32, int32, int32) {
	s := [4]int32{a, b, c, d}
	sort(s[:])
	return s[0], s[1], s[2], s[3]
}

type ring struct {
	Buf  [8]int32
	Head uint8
	N    uint8
}

func (r *ring) push(v int32) bool {
	if r.N == 8 {
		return false
	}
	r.Buf[(r.Head+r.N)%8] = v
	r.N++
	return true
}

func (r *ring) pop() (v int32, ok bool) {
	if r.N == 0 {
		return
	}
	v, ok = r.Buf[r.Head], true
	r.Head = (r.Head + 1) % 8
	r.N--
	return
}

//in:n 0..12
func Ring(n uint8, v int32) (int32, int32, bool) {
	var r ring
	pushed := int32(0)
	for i := uint8(0); i < n && i < 12; i++ {
		if r.push(v + int32(i)) {
			pushed++
		}
		if i%3 == 0 {
			r.pop()
		}
	}
	x, ok := r.pop()
	return pushed, x, ok
}

type matrix [3][3]int32

func (m matrix) mul(o matrix) (r matrix) {
	for i := range r {
		for j := range r {
			for k := range r {
				r[i][j] += m[i][k] * o[k][j]
			}
		}
	}
	return
}

func Matrix(a, b int32) (int32, int32) {
	m := matrix{{a, 1, 2}, {b, 0, 3}, {1, a, b}}
	m = m.mul(m).mul(matrix{{1, 2, 3}, {4, 5, 6}, {7, 8, b}})
	return m[0][0] - m[1][2], m[2][1]
}

type list struct {
	Items [6]uint16
	Len   int
}

func (l *list) add(x uint16) {
	l.Items[l.Len] = x
	l.Len++
}

func (l *list) view() []uint16 { return l.Items[:l.Len] }

func total(s []uint16) (t int) {
	for _, x := range s {
		t += int(x)
	}
	return
}

//in:n 0..8
func List(n uint8, x uint16) (int, int) {
	var l list
	for i := uint8(0); i < n; i++ {
		l.add(x + uint16(i))
	}
	return total(l.view()), len(l.view()[1:])
}

func copies(dst, src []int32) int { return copy(dst, src) }

//in:from 0..6
//in:to 0..6
func Copies(from, to int, v int32) (int, int32, int32) {
	a := [5]int32{v, v + 1, v + 2, v + 3, v + 4}
	n := copies(a[from:], a[to:])
	return n, a[1], a[3]
}

func pick(a, b []int32, first bool) []int32 {
	if first {
		return a
	}
	return b
}

//in:i 0..6
func PickSlice(i int, first bool) int32 {
	x, y := [3]int32{1, 2, 3}, [5]int32{10, 20, 30, 40, 50}
	return pick(x[:], y[1:], first)[i]
}

type state struct {
	At    uint8
	Count [4]int32
	Err   bool
}

func (s *state) step(in uint8) {
	switch s.At {
	case 0:
		if in > 10 {
			s.At = 1
		}
	case 1:
		s.At = in & 3
	case 2, 3:
		s.At -= 2
		s.Err = in == 7
	}
	s.Count[s.At]++
}

func Machine(a, b, c uint8) (uint8, int32, int32, bool) {
	var s state
	in := [6]uint8{a, b, c, a ^ b, b + c, c}
	for _, x := range in {
		s.step(x)
	}
	return s.At, s.Count[0], s.Count[3], s.Err
}
