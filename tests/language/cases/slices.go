package slices

func Whole(v int32) (int32, int, int) {
	a := [5]int32{1, 2, 3, 4, 5}
	s := a[:]
	s[1] = v
	return a[1] + s[4], len(s), cap(s)
}

//in:lo -1..6
//in:hi -1..6
func Bounds(lo, hi int) (int, int, int) {
	a := [5]int{1, 2, 3, 4, 5}
	s := a[lo:hi]
	t := 0
	for _, v := range s {
		t += v
	}
	return len(s), cap(s), t
}

//in:lo -1..6
//in:hi -1..6
//in:top -1..6
func FullExpression(lo, hi, top int) (int, int) {
	var a [5]int
	s := a[lo:hi:top]
	return len(s), cap(s)
}

//in:lo 0..6 255
//in:hi 0..6 255
func BoundsNarrow(lo, hi uint8) (int, int) {
	var a [5]uint16
	s := a[lo:hi]
	return len(s), cap(s)
}

//in:lo 0..6
//in:hi 0..9
func Reslice(lo, hi int) (int, int, int32) {
	a := [8]int32{1, 2, 3, 4, 5, 6, 7, 8}
	s := a[1:4]
	u := s[lo:hi]
	x := int32(0)
	if len(u) > 0 {
		x = u[len(u)-1]
	}
	return len(u), cap(u), x
}

//in:lo -1..6
func ResliceFrom(lo int) (int, int) {
	var a [5]int
	s := a[1:4]
	s = s[lo:]
	return len(s), cap(s)
}

//in:hi -1..6
func ResliceTo(hi int) (int, int) {
	var a [5]int
	s := a[1:4]
	s = s[:hi]
	return len(s), cap(s)
}

//in:i -2..7
func Index(i int) int16 {
	a := [6]int16{1, 2, 3, 4, 5, 6}
	s := a[1:4]
	return s[i]
}

//in:i 0..4
//in:n 0..5
func IndexLater(i, n uint32, v uint8) (uint8, uint8) {
	var a [5]uint8
	s := a[:n]
	s[i] = v
	return a[i], s[n-1]
}

func sum(s []int32) (t int32) {
	for _, v := range s {
		t += v
	}
	return
}

func double(s []int32) {
	for i := range s {
		s[i] *= 2
	}
}

func tail(s []int32, n int) []int32 { return s[n:] }

//in:n -1..7
func Pass(n int, v int32) (int32, int32, int) {
	a := [6]int32{1, 2, 3, 4, 5, v}
	s := tail(a[:], n)
	double(s)
	return sum(a[:]), sum(s), cap(s)
}

func Nil() (int, int, bool, bool) {
	var s []int32
	t := s[:]
	var a [3]int32
	u := a[0:0]
	return len(s), cap(t), s == nil && t == nil, u == nil
}

//in:i 0..1
func NilIndex(i int) int32 {
	var s []int32
	return s[i]
}

func NilRange() int32 {
	var s []int32
	return sum(s)
}

//in:at 0..8
//in:from 0..8
func CopyOverlap(at, from int) (int, uint64) {
	var a [8]uint8
	for i := range a {
		a[i] = uint8(i + 1)
	}
	n := copy(a[at:], a[from:])
	h := uint64(0)
	for _, v := range a {
		h = h*10 + uint64(v)
	}
	return n, h
}

//in:n 0..6
//in:m 0..6
func CopyLengths(n, m int) (int, uint64) {
	a := [6]int16{1, 2, 3, 4, 5, 6}
	b := [6]int16{-1, -2, -3, -4, -5, -6}
	c := copy(a[:n], b[6-m:])
	h := uint64(0)
	for _, v := range a {
		h = h*31 + uint64(v)
	}
	return c, h
}

type item struct {
	k uint8
	v uint32
}

//in:i 0..4
//in:n 0..4
func CopyStructs(i, n int) (int, uint32) {
	a := [4]item{{1, 10}, {2, 20}, {3, 30}, {4, 40}}
	s := a[:n]
	c := copy(s[min(i, n):], a[1:])
	t := uint32(0)
	for _, e := range a {
		t = t*7 + e.v + uint32(e.k)
	}
	return c, t
}

//in:n 0..5
func ToArrayPointer(n int) (int32, int32) {
	a := [6]int32{1, 2, 3, 4, 5, 6}
	s := a[1 : 1+n]
	p := (*[3]int32)(s)
	p[0] = 100
	return a[1], p[2]
}

//in:n 0..5
func ToArray(n int) (int32, int32) {
	a := [6]int32{1, 2, 3, 4, 5, 6}
	s := a[1 : 1+n]
	b := [3]int32(s)
	b[0] = 100
	return a[1], b[0] + b[2]
}

func ToArrayPointerNil() (bool, bool) {
	var s []int32
	p := (*[0]int32)(s)
	var a [1]int32
	q := (*[0]int32)(a[:0])
	return p == nil, q == nil
}

func Literal(a, b int8) (int8, int) {
	s := []int8{a, 5: b, 3: 7}
	s[1]--
	return s[0] + s[1] + s[3] + s[5], len(s)
}

func variadic(k int32, xs ...int32) (int32, int) {
	t := k
	for i, x := range xs {
		t += x * int32(i+1)
	}
	return t, len(xs)
}

func Variadic(a, b int32) (int32, int32, int) {
	x, n := variadic(a)
	y, m := variadic(a, b, 2, a)
	arr := [2]int32{b, 9}
	z, o := variadic(1, arr[:]...)
	return x + z, y, n*100 + m*10 + o
}

//in:i 0..5
//in:j 0..5
func SwapElements(i, j int) uint32 {
	a := [5]uint32{1, 2, 3, 4, 5}
	s := a[:]
	s[i], s[j] = s[j], s[i]
	h := uint32(0)
	for _, v := range a {
		h = h*10 + v
	}
	return h
}

//in:n 0..8
func Reverse(n int) uint32 {
	a := [8]uint8{1, 2, 3, 4, 5, 6, 7, 8}
	s := a[:n]
	for i, j := 0, len(s)-1; i < j; i, j = i+1, j-1 {
		s[i], s[j] = s[j], s[i]
	}
	h := uint32(0)
	for _, v := range a {
		h = h*10 + uint32(v)
	}
	return h
}

//in:k 0..70
func BinarySearch(k int32) int {
	a := [16]int32{1, 3, 4, 8, 9, 15, 16, 20, 22, 31, 40, 41, 50, 60, 61, 69}
	s := a[:]
	lo, hi := 0, len(s)
	for n := 0; lo < hi && n < 6; n++ {
		m := (lo + hi) / 2
		if s[m] < k {
			lo = m + 1
		} else {
			hi = m
		}
	}
	return lo
}

//in:a 0..4
//in:b 0..4
func OfPointer(a, b int) (int, int) {
	v := [4]int{1, 2, 3, 4}
	p := &v
	s := p[a:b]
	if len(s) > 0 {
		s[0] = 50
	}
	return v[0] + v[1]*2 + v[2]*3, len(s)
}

type holder struct {
	data [6]uint8
	view []uint8
}

//in:n 0..7
func InStruct(n int, v uint8) (uint8, int) {
	var h holder
	h.view = h.data[1:3]
	g := h
	g.view[1] = v
	h.view = h.view[:n]
	return h.data[2], len(h.view) + cap(g.view)
}

//in:i 0..3
func TwoLevels(i int, v int16) int16 {
	var a [3][4]int16
	s := a[:]
	s[i][2] = v
	row := s[i][1:3]
	row[0] = 7
	return a[i][2] + a[i][1]
}

//in:i 0..5
func RangeAssign(i int) int {
	a := [5]int{1, 2, 3, 4, 5}
	s := a[:]
	n := 0
	for j, v := range s {
		if j == 0 {
			s = s[:2]
			a[4] = i
		}
		n += v
	}
	return n*10 + len(s)
}

//in:i 0..4
func PointerElement(i int, v uint64) (uint64, uint64) {
	var a [4]uint64
	s := a[:3]
	p := &s[i]
	*p = v
	*p++
	return a[0], a[i]
}

//in:n 0..9
func Clear(n int) uint32 {
	a := [8]uint8{1, 2, 3, 4, 5, 6, 7, 8}
	clear(a[:n])
	h := uint32(0)
	for _, v := range a {
		h = h*10 + uint32(v)
	}
	return h
}

func window(s []uint8, n int) []uint8 { return s[n : n+2 : n+3] }

//in:n -1..8
func ResultSlice(n int) (int, int, uint8) {
	a := [8]uint8{1, 2, 3, 4, 5, 6, 7, 8}
	w := window(a[:], n)
	return len(w), cap(w), w[0] + w[1]
}

func split(s []uint8, n int) (a, b []uint8) { return s[:n], s[n:] }

//in:n 0..7
func TwoSlices(n int) (int, int, uint8) {
	d := [6]uint8{1, 2, 3, 4, 5, 6}
	x, y := split(d[:], n)
	x, y = y, x
	t := uint8(0)
	for _, v := range x {
		t += v
	}
	return len(x), cap(y), t
}
