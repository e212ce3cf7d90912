package structs

type point struct{ x, y int32 }

type mixed struct {
	a uint8
	b uint64
	c bool
	d int16
	_ [3]uint8
	e uint32
}

type outer struct {
	point
	name [4]uint8
	in   mixed
	p    *point
}

type deep struct {
	outer
	n int8
}

func Fields(a int32, b int16) (int32, int16, bool) {
	var m mixed
	m.a = uint8(a)
	m.b = uint64(b)
	m.d = b
	m.c = a > 0
	m.e = uint32(a) + uint32(m.a)
	return int32(m.e) + int32(m.b), m.d, m.c
}

func Positional(a, b int32) (int32, int32) {
	p := point{a, b}
	q := point{y: a}
	return p.x - p.y, q.x + q.y
}

func CopySemantics(a int32) (int32, int32) {
	p := point{a, 1}
	q := p
	q.x++
	r := &p
	r.y += 10
	p, q = q, p
	return p.x*100 + p.y, q.x*100 + q.y
}

func Equal(a, b int32) (bool, bool, bool) {
	return point{a, 1} == point{b, 1}, point{a, b} != point{b, a}, struct{ a, b int8 }{int8(a), 1} == struct{ a, b int8 }{int8(b), 1}
}

func EqualPadding(a uint8, b uint64, d int16) (bool, bool) {
	var x, y mixed
	x.a, y.a = a, a
	x.b, y.b = b, b
	x.d, y.d = d, d
	same := x == y
	y.d++
	return same, x == y
}

func blank(v uint8) (m mixed) {
	m.e = uint32(v)
	return
}

func EqualBlank(a, b uint8) bool { return blank(a) == blank(b) }

func Nested(a int32, b int16) (int32, int16) {
	var o outer
	o.x = a
	o.point.y = 5
	o.in.d = b
	o.name[1] = uint8(b)
	c := o
	c.in.d++
	c.name[1]++
	return o.x + c.y + int32(o.name[1]), c.in.d - o.in.d
}

func Embedded(a int32) (int32, int8) {
	d := deep{outer: outer{point: point{x: a}}, n: 3}
	d.y = d.x * 2
	d.outer.x++
	d.outer.point.y--
	return d.x + d.y, d.n
}

func (p point) sum() int32          { return p.x + p.y }
func (p point) moved(d int32) point { p.x += d; return p }
func (p *point) move(d int32)       { p.x += d; p.y -= d }
func (m mixed) weight() uint64      { return m.b + uint64(m.a)*2 }

func Methods(a, b int32) (int32, int32, int32) {
	p := point{a, b}
	s := p.sum()
	q := p.moved(5)
	p.move(7)
	(&p).move(1)
	return s, q.sum() + q.x, p.x - p.y
}

func PromotedMethods(a int32) (int32, int32) {
	var d deep
	d.move(a)
	s := d.sum()
	d.outer.point.move(1)
	return s, d.x*2 + d.y
}

func MethodThroughPointer(a int32) int32 {
	p := &point{a, 2}
	p.move(3)
	return p.sum() + p.moved(1).sum()
}

func MethodExpression(a, b int32) int32 {
	p := point{a, b}
	(*point).move(&p, 3)
	return point.sum(p)
}

type celsius int16

func (c celsius) fahrenheit() celsius { return c*9/5 + 32 }

func (c *celsius) cool(by celsius) { *c -= by }

func NamedInt(c int16) (int16, int16) {
	t := celsius(c)
	f := t.fahrenheit()
	t.cool(3)
	return int16(f), int16(t)
}

func makePoint(a, b int32) point  { return point{a, b} }
func swapPoint(p point) (q point) { q.x, q.y = p.y, p.x; return }
func two(p point) (point, point)  { return p, point{p.y, p.x} }
func big(m mixed, k uint8) mixed  { m.a += k; m.b *= uint64(k); return m }

func ByValue(a, b int32) (int32, int32) {
	p := makePoint(a, b)
	q := swapPoint(p)
	r, s := two(q)
	return p.x - q.x, r.x + s.x*3
}

func ByValueBig(a uint8, b uint64) (uint8, uint64, uint64) {
	m := mixed{a: a, b: b, e: 7}
	n := big(m, 3)
	n = big(n, 2)
	return m.a, n.b, n.weight() + m.weight()
}

func PointerToField(a int32) int32 {
	var o outer
	p := &o.point.y
	*p = a
	q := &o.name[2]
	*q = uint8(a)
	r := &o.in
	r.e = 9
	return o.y + int32(o.name[2]) + int32(o.in.e)
}

func PointerInStruct(a int32) (int32, int32) {
	v := point{1, 2}
	o := outer{p: &v}
	o.p.x = a
	c := o
	c.p.y = a + 1
	return v.x, v.y + o.p.sum()
}

func NilField(set bool) int32 {
	v := point{3, 4}
	var o outer
	if set {
		o.p = &v
	}
	return o.p.sum()
}

func Anonymous(a uint8) uint16 {
	v := struct {
		lo, hi uint8
		n      struct{ k uint16 }
	}{lo: a, hi: a + 1}
	v.n.k = uint16(v.lo)<<8 | uint16(v.hi)
	return v.n.k
}

func ConvertStruct(a int32) int32 {
	type other struct{ x, y int32 }
	p := point(other{a, 4})
	return p.sum()
}

//in:i 0..4
func ArrayField(i int, v uint8) (uint8, uint8) {
	var o outer
	o.name = [4]uint8{1, 2, 3, 4}
	o.name[i] ^= v
	n := o.name
	n[0] = 0
	return o.name[0], o.name[i]
}

func Replace(a int32) int32 {
	p := point{a, 2}
	p = point{p.y, p.x}
	p = point{y: p.x + p.y, x: p.y}
	return p.x*7 + p.y
}

func ReplaceThroughPointer(a int32) (int32, int32) {
	p := point{a, 2}
	q := &p
	*q = point{q.y, q.x}
	*q = q.moved(1)
	return p.x, p.y
}

func Choose(a bool, v int32) (int32, int32) {
	p, q := point{1, 2}, point{3, 4}
	r := &p
	if a {
		r = &q
	}
	r.x = v
	return p.x, q.x
}

func PointerEqual(a bool) (bool, bool, bool) {
	var p, q point
	r := &p
	if a {
		r = &q
	}
	return r == &p, r != &q, r == nil
}

func PointerToPointer(v int32) int32 {
	x, y := int32(1), int32(2)
	p := &x
	pp := &p
	**pp = v
	*pp = &y
	**pp = v + 1
	return x*3 + y
}

type list struct {
	v    int32
	next *list
}

func Linked(a, b int32) int32 {
	var l3 list
	l3.v = 100
	l2 := list{b, &l3}
	l1 := list{a, &l2}
	s := int32(0)
	for p, n := &l1, 0; p != nil && n < 5; p, n = p.next, n+1 {
		s = s*3 + p.v
	}
	return s
}

type wide struct{ v [12]uint32 }

func (w wide) total() (t uint32) {
	for _, x := range w.v {
		t += x
	}
	return
}

//in:i 0..12
func WideByValue(i int, v uint32) (uint32, uint32) {
	var w wide
	w.v[i] = v
	u := w
	u.v[0] = 5
	return w.total(), u.total()
}

func Empty() bool {
	type e struct{}
	var a, b e
	return a == b
}

func BoolFields(a, b bool) (bool, bool, bool) {
	type flags struct{ a, b, c bool }
	f := flags{a: a, c: b}
	f.b = f.a != f.c
	g := f
	g.a = !g.a
	return f.b, f == g, flags{true, false, true} == flags{f.a, f.b, f.c}
}
