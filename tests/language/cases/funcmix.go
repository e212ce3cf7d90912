package funcmix

// Function values, interfaces and defer together, and where they are kept.

var Effects uint64

func note(x uint64) { Effects = Effects*8 + x }

func inc(x int32) int32 { return x + 1 }
func dbl(x int32) int32 { return x * 2 }

func Pointer(a int32, which bool) (int32, int32) {
	f := inc
	p := &f
	x := (*p)(a)
	if which {
		*p = dbl
	}
	return x, f(a)
}

func change(f *func(int32) int32) { *f = dbl }

func ChangedByCallee(a int32) (int32, int32) {
	f := inc
	x := f(a)
	change(&f)
	return x, f(a)
}

func ChangedByClosure(a int32) int32 {
	f := inc
	g := func() { f = func(x int32) int32 { return x - a } }
	t := f(a)
	g()
	return t*10 + f(1)
}

type stage struct {
	name byte
	run  func(int32) int32
}

func Stages(a int32, skip byte) int32 {
	k := a & 3
	stages := [3]stage{{'a', inc}, {'b', func(x int32) int32 { return x << k }}, {'c', dbl}}
	for _, s := range stages {
		if s.name != skip {
			a = s.run(a)
		}
	}
	return a
}

func FieldByPointer(a int32, which bool) int32 {
	var first, second stage
	p := &second
	p.run = dbl
	first = stage{run: func(x int32) int32 { return p.run(x) + 1 }}
	if which {
		return first.run(a)
	}
	return p.run(a)
}

type machine struct {
	state func(*machine, int32) int32
	n     int32
}

func idle(m *machine, x int32) int32 {
	if x > 0 {
		m.state = busy
	}
	return x
}

func busy(m *machine, x int32) int32 {
	m.n += x
	if x < 0 {
		m.state = idle
	}
	return -x
}

func StateMachine(a, b, c int32) (int32, int32) {
	m := machine{state: idle}
	t := m.state(&m, a)
	t += m.state(&m, b) * 3
	t += m.state(&m, c) * 5
	return t, m.n
}

type unary interface{ ~func(int32) int32 }
type named func(int32) int32

func (f named) again(x int32) int32 { return f(f(x)) }

func through[F unary](f F, x int32) int32 { return f(x) }

func Constraint(a int32) (int32, int32, int32) {
	return through(named(inc), a), through(dbl, a), named(dbl).again(a)
}

func cond(c bool, f, g func(int32) int32) func(int32) int32 {
	if c {
		return f
	}
	return g
}

func Picked(a int32, c, d bool) int32 {
	k := a & 7
	f := cond(c, func(x int32) int32 { return x + k }, cond(d, dbl, func(x int32) int32 { k++; return x * k }))
	return f(a) + f(2)
}

func Curried(a, b, c int32) int32 {
	f := func(x int32) func(int32) func(int32) int32 {
		return func(y int32) func(int32) int32 {
			return func(z int32) int32 { return x*100 + y*10 + z }
		}
	}
	return f(a)(b)(c)
}

type acc struct{ total int32 }

func (a *acc) add(x int32) *acc { a.total += x; return a }
func (a *acc) with(f func(*acc)) *acc {
	f(a)
	return a
}

func Chain(x, y int32) int32 {
	var a acc
	return a.add(x).with(func(a *acc) { a.total *= y }).add(1).total
}

type walker interface {
	walk(visit func(int32) bool)
}

type span struct{ from, to int32 }
type pair struct{ l, r walker }

func (s span) walk(visit func(int32) bool) {
	for i := int32(0); i < 5 && s.from+i < s.to; i++ {
		if !visit(s.from + i) {
			return
		}
	}
}

func (p pair) walk(visit func(int32) bool) {
	more := true
	p.l.walk(func(x int32) bool {
		more = visit(x)
		return more
	})
	if more {
		p.r.walk(visit)
	}
}

//in:a -2..3
//in:b -1..9
func Walked(a, b int32) (int32, int32) {
	t, n := int32(0), int32(0)
	pair{span{a, b}, span{10, 12}}.walk(func(x int32) bool {
		t += x
		n++
		return x != 2
	})
	return t, n
}

func sumAny(xs ...any) (t int64) {
	for _, x := range xs {
		switch x := x.(type) {
		case int32:
			t += int64(x)
		case uint8:
			t += int64(x) * 1000
		case func() int32:
			t += int64(x())
		case *int32:
			if x != nil {
				*x++
				t += int64(*x)
			}
		case nil:
			t -= 5
		default:
			t = -t
		}
	}
	return
}

func Variadic(a int32, b uint8, c bool) (int64, int64, int32) {
	n := a
	x := sumAny(a, b, func() int32 { return a * 2 }, &n, nil)
	return x, sumAny(a, c, b), n
}

type stringer interface{ str() uint32 }
type both interface {
	stringer
	len() int32
}
type word [4]byte

func (w word) str() uint32 { return uint32(w[0])<<8 | uint32(w[1]) }
func (w word) len() int32  { return int32(w[3]) }

func narrow(b both) stringer { return b }

func Narrowed(a, c uint8) (uint32, int32, bool) {
	w := word{a, c, 0, 9}
	s := narrow(w)
	w[0]++
	b, ok := s.(both)
	return s.str(), b.len(), ok
}

func asked(s stringer) int32 {
	if l, ok := s.(interface{ len() int32 }); ok {
		return l.len()
	}
	return -1
}

type plain uint8

func (p plain) str() uint32 { return uint32(p) }

func Asked(a uint8) (int32, int32) { return asked(word{a, 1, 2, a}), asked(plain(a)) }

type tree struct {
	left, right *tree
	v           int32
}

func Struct(a, b int32) (bool, bool, bool) {
	type key struct {
		k any
		n int32
	}
	x, y := key{a, 1}, key{b, 1}
	z := key{int64(a), 1}
	return x == y, x == z, x.k == y.k
}

func resource(n uint64) (release func()) {
	note(n)
	return func() { note(n + 4) }
}

func Released(a, b int32) int32 {
	defer resource(1)()
	r := resource(2)
	defer r()
	return a / b
}

func try(f func() int32, fallback func()) (r int32) {
	done := false
	defer func() {
		if !done {
			fallback()
		}
	}()
	r = f()
	done = true
	return
}

func Tried(a, b int32) int32 {
	return try(func() int32 { return a / b }, func() { note(3) })
}

func DeferInClosure(n uint8) (t uint64) {
	f := func(x uint64) {
		defer func() { t = t*3 + x }()
		if x == 1 {
			return
		}
		t++
	}
	for i := uint8(0); i < n&3; i++ {
		f(uint64(i))
	}
	return
}

func Loops(n int32) int32 {
	var last func() int32
	t := int32(0)
	for i := range 3 {
		f := func() int32 { return int32(i) + n }
		t = t*2 + f()
		if i == 2 {
			t += f() * 100
		}
	}
	last = func() int32 { return t }
	return last()
}

func shadow(f func() int32) int32 {
	x := f()
	{
		f := func() int32 { return x + f() }
		x += f()
	}
	return x + f()
}

func Shadow(a int32) int32 { return shadow(func() int32 { a++; return a }) }

func Goto(n uint8) (t int32) {
	i := uint8(0)
	f := func(x uint8) bool { t += int32(x); return x < n&7 }
again:
	if f(i) {
		i++
		goto again
	}
	return t
}

func fallthroughs(k uint8, f func(uint8)) {
	switch k & 3 {
	case 0:
		f(1)
		fallthrough
	case 1:
		f(2)
	case 2:
		f(3)
		fallthrough
	default:
		f(4)
	}
}

func Switches(k uint8) uint8 {
	t := uint8(0)
	fallthroughs(k, func(x uint8) { t = t*5 + x })
	return t
}

func two(a, b int32) func(yield func(int32) bool) {
	return func(yield func(int32) bool) { _ = yield(a) && yield(b) }
}

func InTurns(n int32) (t int32) {
	for i := int32(1); i <= 6; i += 2 {
		switch (n + i) & 3 {
		case 0, 1:
			for x := range two(3, n) {
				t += x * i
			}
		case 2:
			f := func() { t += i }
			f()
			var v any = [2]int32{i, n}
			t += v.([2]int32)[0] * 7
		}
	}
	return
}
