package interfaces

// Interfaces whose concrete type is known, assertions, type switches.

type shape interface {
	area() int32
	scale(by int32)
}

type square struct{ side int32 }

func (s *square) area() int32    { return s.side * s.side }
func (s *square) scale(by int32) { s.side *= by }

type rect struct{ w, h int32 }

func (r *rect) area() int32    { return r.w * r.h }
func (r *rect) scale(by int32) { r.w, r.h = r.w*by, r.h*by }

func measure(s shape, by int32) int32 {
	s.scale(by)
	return s.area()
}

func Parameters(a, b int32) (int32, int32, int32) {
	s := square{a}
	return measure(&s, b), measure(&rect{a, b}, 2), s.side
}

type namer interface{ name() uint32 }
type small uint8
type wide struct{ a, b, c uint64 }
type none struct{}
type flag bool

func (s small) name() uint32 { return uint32(s) + 1 }
func (w wide) name() uint32  { return uint32(w.a ^ w.b ^ w.c) }
func (none) name() uint32    { return 77 }
func (f flag) name() uint32 {
	if f {
		return 1
	}
	return 2
}

func named(n namer) uint32 { return n.name() }

func Values(a uint8, b uint64, c bool) (uint32, uint32, uint32, uint32) {
	w := wide{b, b >> 7, 3}
	var n namer = w
	w.a = 0
	return named(small(a)), named(n), named(none{}), named(flag(c))
}

func Reassigned(a uint8, b uint64) uint32 {
	var n namer = small(a)
	t := n.name()
	n = wide{a: b}
	t += n.name()
	n = none{}
	return t + n.name()
}

func NilInterface(which bool) uint32 {
	var n namer
	if which {
		n = none{}
	}
	return n.name()
}

func NilPointer(which bool) int32 {
	var p *square
	if which {
		p = &square{3}
	}
	var s shape = p
	if s == nil {
		return -1
	}
	return s.area()
}

type failure int32

func (f failure) Error() string { return "failed" }

func check(x int32) error {
	if x < 0 {
		return failure(x)
	}
	return nil
}

func Errors(x int32) (int32, bool) {
	err := check(x)
	if err != nil {
		return int32(err.(failure)), true
	}
	return x, false
}

var errNegative error = failure(5)

func sign(x int32) error {
	if x < 0 {
		return errNegative
	}
	if x == 0 {
		return failure(0)
	}
	return nil
}

func Sentinels(x int32) (bool, bool, bool) {
	err := sign(x)
	return err == errNegative, err == nil, err == error(failure(0))
}

func Assertions(a int32, which uint8) (int32, bool, uint8, bool) {
	var v any = a
	if which&1 != 0 {
		v = uint8(which)
	}
	if which&2 != 0 {
		v = nil
	}
	x, ok := v.(int32)
	y, ok2 := v.(uint8)
	return x, ok, y, ok2
}

func AssertPanics(a int32, which bool) int32 {
	var v any = a
	if which {
		v = int64(a)
	}
	return v.(int32)
}

func kind(v any) (int32, uint64) {
	switch v := v.(type) {
	case nil:
		return 0, 0
	case int32:
		return 1, uint64(v)
	case bool:
		if v {
			return 2, 1
		}
		return 2, 0
	case wide:
		return 3, v.a + v.c
	case *square:
		return 4, uint64(v.side)
	case namer:
		return 5, uint64(v.name())
	case func(int32) int32:
		return 6, uint64(v(7))
	case [3]uint16:
		return 7, uint64(v[0]) + uint64(v[2])
	case struct{}, int8:
		return 8, 0
	}
	return 9, 0
}

func TypeSwitch(a int32, b uint64) (int32, uint64, int32, uint64, uint64, uint64, int32) {
	k1, v1 := kind(a)
	k2, v2 := kind(wide{b, 1, 2})
	_, v3 := kind(&square{a})
	_, v4 := kind(small(a))
	k5, _ := kind(int8(1))
	_, v6 := kind(func(x int32) int32 { return x * a })
	return k1, v1, k2, v2, v3, v4 + v6, k5
}

func Several(a int32, which uint8) (int32, uint64) {
	var v any
	switch which & 7 {
	case 0:
		v = a
	case 1:
		v = wide{uint64(which), 2, 3}
	case 2:
		v = a > 0
	case 3:
		v = [3]uint16{1, 2, uint16(a)}
	case 4:
		v = int8(which)
	case 5:
		v = "text" == "other"
	}
	return kind2(v)
}

func kind2(v any) (int32, uint64) {
	switch v := v.(type) {
	case nil:
		return 0, 0
	case int32:
		return 1, uint64(v)
	case bool, int8:
		_, isBool := v.(bool)
		if isBool {
			return 2, 1
		}
		return 2, 0
	case wide:
		return 3, v.a + v.c
	}
	if a, ok := v.([3]uint16); ok {
		return 4, uint64(a[2])
	}
	return 5, 0
}

func Compare(a, b int32, which uint8) (bool, bool, bool) {
	var x, y any = a, b
	if which&1 != 0 {
		x = wide{uint64(a), 2, 3}
	}
	if which&2 != 0 {
		y = wide{uint64(b), 2, 3}
	}
	if which&4 != 0 {
		y = int64(b)
	}
	return x == y, x != y, x == any(a)
}

type inner interface{ area() int32 }

type holder struct {
	inner
	n int32
}

func Embedded(a, b int32) int32 {
	h := holder{&square{a}, b}
	var i inner = h
	return i.area() + h.area() + h.n
}

type number interface{ ~int32 | ~uint64 | ~uint8 }

func width[T number](x T) uint64 {
	switch v := any(x).(type) {
	case int32:
		return 32 + uint64(v)
	case uint64:
		return v >> 1
	case uint8:
		return 8
	}
	return 99
}

type odd int32

func OnTypeParameter(a int32, b uint64, c uint8) (uint64, uint64, uint64, uint64) {
	return width(a), width(b), width(c), width(odd(a))
}

type adder[T any] interface{ add(T) T }
type plain int32

func (p plain) add(q plain) plain { return p + q }

func sum[T adder[T]](xs ...T) T {
	var t T
	for _, x := range xs {
		t = t.add(x)
	}
	return t
}

func Constraint(a, b int32) int32 { return int32(sum(plain(a), plain(b), 3)) }

func MethodOfInterface(a int32) (int32, int32) {
	var s shape = &square{a}
	f, g := s.area, shape.area
	s.scale(2)
	return f(), g(s)
}

type source interface{ next() (int32, bool) }
type counting struct{ at, end int32 }

func (c *counting) next() (int32, bool) {
	if c.at >= c.end {
		return 0, false
	}
	c.at++
	return c.at, true
}

type doubling struct{ from source }

func (d doubling) next() (int32, bool) {
	x, ok := d.from.next()
	return x * 2, ok
}

func total(s source) (t int32) {
	for i := 0; i < 8; i++ {
		x, ok := s.next()
		if !ok {
			break
		}
		t += x
	}
	return
}

//in:n 0..9
func Layers(n int32) (int32, int32) {
	return total(&counting{0, n}), total(doubling{doubling{&counting{1, n}}})
}

type strategy interface{ pick(a, b int32) int32 }
type least struct{}
type most struct{ bias int32 }

func (least) pick(a, b int32) int32  { return min(a, b) }
func (m most) pick(a, b int32) int32 { return max(a, b) + m.bias }

type machine struct {
	s     strategy
	other strategy
	last  int32
}

func newMachine(s strategy) machine { return machine{s: s, other: least{}} }

func (m *machine) step(a, b int32) int32 {
	m.last = m.s.pick(a, b)
	return m.last
}

func Field(a, b int32) (int32, int32) {
	m := newMachine(most{a})
	n := newMachine(least{})
	return m.step(a, b) + m.last, n.step(a, b) + n.other.pick(a, b)
}

func Shadowed(a int32) int32 {
	var v any = a
	if v, ok := v.(int32); ok {
		return v + 1
	}
	return 0
}

func PanicWith(a int32) int32 {
	if a > 5 {
		panic(failure(a))
	}
	if a < -5 {
		panic("negative")
	}
	return a
}
