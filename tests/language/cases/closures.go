package closures

// Function values, closures, method values.

func add(a, b int32) int32 { return a + b }
func sub(a, b int32) int32 { return a - b }
func mul(a, b int32) int32 { return a * b }

func apply(f func(int32, int32) int32, a, b int32) int32 { return f(a, b) }

func Named(a, b int32) (int32, int32, int32) {
	return apply(add, a, b), apply(sub, a, b), apply(mul, a, b)
}

func Literal(a, b int32) int32 {
	f := func(x int32) int32 { return x*2 + 1 }
	return f(a) + f(b)
}

func Captured(a, b int32) (int32, int32) {
	n := int32(0)
	count := func(by int32) int32 {
		n += by
		return n
	}
	count(a)
	return count(b), n
}

func Chosen(a, b int32, which uint8) int32 {
	f := add
	if which&1 != 0 {
		f = sub
	}
	if which&2 != 0 {
		f = func(x, y int32) int32 { return x*y - a }
	}
	return f(a, b)
}

func ChosenClosures(a, b int32, which bool) int32 {
	n := a
	up := func(x int32) int32 { n += x; return n }
	down := func(x int32) int32 { n -= x; return n }
	f := up
	if which {
		f = down
	}
	f(b)
	return f(1) + n
}

func NilCall(a int32, which bool) int32 {
	var f func(int32) int32
	if which {
		f = func(x int32) int32 { return x + 1 }
	}
	return f(a)
}

func IsNil(which bool) (bool, bool) {
	var f func()
	if which {
		f = func() {}
	}
	return f == nil, f != nil
}

func Immediate(a int32) int32 {
	return func(x int32) int32 { return x * x }(a) + func() int32 { return a }()
}

type acc struct{ n int32 }

func (a *acc) add(x int32)     { a.n += x }
func (a acc) plus(x int32) int32 { return a.n + x }

func MethodValue(a, b int32) (int32, int32, int32) {
	v := acc{a}
	f, g := v.add, v.plus
	v.n += 100
	f(b)
	return v.n, g(1), v.plus(1)
}

func MethodExpression(a, b int32) (int32, int32) {
	v := acc{a}
	f, g := (*acc).add, acc.plus
	f(&v, b)
	return v.n, g(v, 1)
}

type outer struct {
	acc
	k int32
}

func Promoted(a, b int32) (int32, int32) {
	o := outer{acc{a}, 1}
	f, g := o.add, o.plus
	f(b)
	h := outer.plus
	return o.n + g(2), h(o, 3)
}

func counter(start int32) func() int32 {
	n := start
	return func() int32 { n++; return n }
}

func Returned(a int32) (int32, int32, int32) {
	c, d := counter(a), counter(10)
	c()
	d()
	return c(), d(), c()
}

func compose(f, g func(int32) int32) func(int32) int32 {
	return func(x int32) int32 { return g(f(x)) }
}

func Composed(a int32) int32 {
	inc := func(x int32) int32 { return x + 1 }
	f := compose(inc, compose(func(x int32) int32 { return x * 3 }, inc))
	return f(a)
}

type config struct {
	size, depth int32
	hook        func(int32) int32
}

type option func(*config)

func withSize(n int32) option { return func(c *config) { c.size = n } }
func withDepth(n int32) option {
	return func(c *config) { c.depth = n }
}
func withHook(f func(int32) int32) option { return func(c *config) { c.hook = f } }

func build(opts ...option) config {
	c := config{size: 1, depth: 2}
	for _, o := range opts {
		o(&c)
	}
	return c
}

func Options(a, b int32) (int32, int32, int32) {
	c := build(withSize(a), withHook(func(x int32) int32 { return x + b }), withDepth(b))
	d := build()
	return c.size + c.depth, c.hook(a), d.size + d.depth
}

var table = [...]func(int32, int32) int32{add, sub, mul}

func FromTable(a, b int32, i uint8) int32 { return table[i&3](a, b) }

var current = add

func Switched(a, b int32) (int32, int32) {
	current = add
	x := current(a, b)
	current = sub
	return x, current(a, b)
}

type ops struct{ f, g func(int32) int32 }

func Fields(a int32, which bool) (int32, int32) {
	o := ops{f: func(x int32) int32 { return x + a }}
	o.g = o.f
	if which {
		o.g = func(x int32) int32 { return x - a }
	}
	return o.f(1), o.g(2)
}

func Loops(n int32) int32 {
	total := int32(0)
	for i := int32(0); i < 4; i++ {
		f := func() int32 { return i * n }
		i := i
		g := func() { total += i + f() }
		g()
	}
	return total
}

func nested(f func(func(int32) int32) int32) int32 {
	return f(func(x int32) int32 { return x + 5 })
}

func Nested(a int32) int32 {
	return nested(func(g func(int32) int32) int32 {
		return g(a) + nested(func(h func(int32) int32) int32 { return h(g(a)) })
	})
}

func Apply2(a, b int32) int32 {
	return apply(func(x, y int32) int32 { return apply(add, x, y) + apply(func(p, q int32) int32 { return p ^ q }, x, y) }, a, b)
}

func mapped[T, U any](in [4]T, f func(T) U) (out [4]U) {
	for i, v := range in {
		out[i] = f(v)
	}
	return
}

func reduced[T, A any](in []T, a A, f func(A, T) A) A {
	for _, v := range in {
		a = f(a, v)
	}
	return a
}

func Generic(a, b int32) int64 {
	in := [4]int32{a, b, a + b, a - b}
	out := mapped(in, func(x int32) int64 { return int64(x) * 3 })
	return reduced(out[:], int64(1), func(s, x int64) int64 { return s ^ x })
}

func sortBy(s []int32, less func(a, b int32) bool) {
	for i := 1; i < len(s) && i < 8; i++ {
		for j := i; j > 0 && less(s[j], s[j-1]); j-- {
			s[j], s[j-1] = s[j-1], s[j]
		}
	}
}

func Sorted(a, b, c int32) (int32, int32, int32, int32) {
	s := [4]int32{a, b, c, 7}
	sortBy(s[:], func(x, y int32) bool { return x < y })
	t := s
	sortBy(t[:], func(x, y int32) bool { return x > y })
	return s[0], s[1], t[0], t[3]
}

func fib() func() int32 {
	a, b := int32(0), int32(1)
	return func() int32 {
		r := a
		a, b = b, a+b
		return r
	}
}

func Fibonacci(n uint8) int32 {
	f := fib()
	last := int32(0)
	for i := uint8(0); i < n&7; i++ {
		last = f()
	}
	return last
}

func several(a int32) (func() int32, func(int32)) {
	return func() int32 { return a }, func(x int32) { a = x }
}

func SeveralResults(a, b int32) (int32, int32) {
	get, set := several(a)
	x := get()
	set(b)
	return x, get()
}

type handler func(int32) int32

func (h handler) twice(x int32) int32 { return h(h(x)) }

func FuncType(a, b int32) int32 {
	h := handler(func(x int32) int32 { return x + b })
	return h.twice(a)
}

func Panics(a, b int32) int32 {
	f := func(x int32) int32 { return x / b }
	return apply(func(x, y int32) int32 { return f(x) + y }, a, b)
}

func ChosenPlainLast(a, b int32, which bool) int32 {
	f := func(x int32) int32 { return x + a }
	if which {
		f = func(x int32) int32 { return x * 3 }
	}
	return f(b)
}
