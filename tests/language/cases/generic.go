package generic

type number interface {
	~int8 | ~int16 | ~int32 | ~int64 | ~int | ~uint8 | ~uint16 | ~uint32 | ~uint64
}

func add[T number](a, b T) T { return a + b }

func clamp[T number](v, lo, hi T) T {
	if v < lo {
		return lo
	}
	return min(v, hi)
}

func AddInstances(a int8, b uint16, c int64) (int8, uint16, int64) {
	return add(a, a), add(b, 0xfff0), add[int64](c, 1)
}

func Clamp(a int8, b uint8) (int8, uint8) { return clamp(a, -5, 5), clamp(b, 5, 250) }

type pair[A, B any] struct {
	first  A
	second B
}

func (p pair[A, B]) swapped() pair[B, A] { return pair[B, A]{p.second, p.first} }

func (p *pair[A, B]) set(a A, b B) { p.first, p.second = a, b }

func Pairs(a int8, b uint64) (uint64, int8) {
	p := pair[int8, uint64]{a, b}
	q := p.swapped()
	q.set(q.first+1, q.second-1)
	return q.first, q.second
}

type stack[T any] struct {
	items [4]T
	n     int
}

func (s *stack[T]) push(v T) bool {
	if s.n >= len(s.items) {
		return false
	}
	s.items[s.n] = v
	s.n++
	return true
}

func (s *stack[T]) pop() (v T, ok bool) {
	if s.n == 0 {
		return
	}
	s.n--
	return s.items[s.n], true
}

func Stack(a, b int16) (int16, int16, bool) {
	var s stack[int16]
	s.push(a)
	s.push(b)
	s.push(a + b)
	x, _ := s.pop()
	y, ok := s.pop()
	s.pop()
	_, empty := s.pop()
	return x, y, ok && !empty
}

func sum[T number](xs []T) (t T) {
	for _, x := range xs {
		t += x
	}
	return
}

func sumArray[T ~[4]E, E number](a T) E {
	var t E
	for _, x := range a {
		t += x
	}
	return t
}

type quad [4]uint8

func Sums(a uint8, b int32) (uint8, int32, uint8) {
	x := [3]uint8{a, a, 100}
	y := [2]int32{b, -1}
	return sum(x[:]), sum(y[:]), sumArray(quad{a, 1, 2, a})
}

func convert[T, U number](v T) U { return U(v) }

func Convert(a int32) (int8, uint64, uint16) {
	return convert[int32, int8](a), convert[int32, uint64](a), convert[int8, uint16](int8(a))
}

func index[T comparable](xs []T, x T) int {
	for i, v := range xs {
		if v == x {
			return i
		}
	}
	return -1
}

//in:x 0..6
func Index(x int16) (int, int) {
	a := [5]int16{3, 1, 4, 1, 5}
	b := [3]pair[bool, uint8]{{true, 1}, {false, 2}, {true, 3}}
	return index(a[:], x), index(b[:], pair[bool, uint8]{true, uint8(x)})
}

type celsius int16

func Named(a int16) int16 { return int16(clamp(celsius(a), -10, 10)) }

func shift[T number](v T, n uint8) T { return v << n >> n }

//in:n 0..9 15..17 31..33
func Shift(a int16, b uint32, n uint8) (int16, uint32) { return shift(a, n), shift(b, n) }

func div[T number](a, b T) (T, T) { return a / b, a % b }

func Div(a, b int8, c, d uint32) (int8, int8, uint32, uint32) {
	q, r := div(a, b)
	s, t := div(c, d)
	return q, r, s, t
}
