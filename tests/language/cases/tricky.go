package tricky

type vec struct{ x, y, z int16 }

type tree struct {
	left, right *tree
	key         int32
}

type grid [3][3]uint8

type counter struct {
	n    uint8
	hits [4]uint8
}

func (v vec) plus(w vec) vec    { return vec{v.x + w.x, v.y + w.y, v.z + w.z} }
func (v vec) times(k int16) vec { v.x *= k; v.y *= k; v.z *= k; return v }
func (v *vec) negate() *vec     { v.x, v.y, v.z = -v.x, -v.y, -v.z; return v }
func (g *grid) set(i, j int)    { g[i][j]++ }
func (g grid) sum() (t int) {
	for _, r := range g {
		for _, c := range r {
			t += int(c)
		}
	}
	return
}
func (c *counter) next() uint8 { c.n++; c.hits[c.n&3]++; return c.n }

func Chain(a, b int16) (int16, int16) {
	v := vec{a, b, 1}
	w := v.plus(vec{1, 2, 3}).times(2).plus(v)
	w.negate().negate().negate()
	return w.x + w.z, v.plus(w).y
}

//in:i -1..3
//in:j -1..3
func Grid(i, j int) (int, uint8) {
	var g grid
	g.set(1, 1)
	h := g
	h.set(i, j)
	return g.sum()*100 + h.sum(), h[1][1]
}

func SideEffectsInIndex() (uint8, uint8, uint8) {
	var c counter
	var a [8]uint8
	a[c.next()] += c.next() * 10
	a[c.next()]++
	c.hits[c.next()&3] ^= 5
	return a[1], a[3], c.hits[0]
}

func Tree(k int32) (int32, bool) {
	n1, n3 := tree{key: 1}, tree{key: 3}
	n2 := tree{&n1, &n3, 2}
	n6 := tree{key: 6}
	root := tree{&n2, &n6, 5}
	depth := int32(0)
	for p := &root; p != nil && depth < 4; depth++ {
		if k == p.key {
			return depth, true
		}
		if k < p.key {
			p = p.left
		} else {
			p = p.right
		}
	}
	return depth, false
}

func LoopVariableCopies(n uint8) int {
	s := 0
	for i := uint8(0); i < 5; i++ {
		j := i
		i += n & 1
		s = s*10 + int(j)
	}
	return s
}

func ZeroInEachTurn(n uint8) (s int) {
	for i := 0; i < 4; i++ {
		var x uint8
		var a [2]uint8
		x += n
		a[i&1] += x
		s += int(x) + int(a[0])*3 + int(a[1])*5
	}
	return
}

func NewInLoop(n int32) (s int32) {
	for i := int32(0); i < 3; i++ {
		p := new(int32)
		*p += n + i
		q := &vec{x: int16(i)}
		q.y = int16(*p)
		s += *p + int32(q.x+q.y)
	}
	return
}

func CopyBeforeChange(a int16) (int16, int16) {
	v := vec{a, 2, 3}
	arr := [2]vec{v, v}
	v.x = 9
	w := arr[0]
	arr[0] = v
	arr[1], w = w, arr[0]
	return arr[1].x, w.x
}

//in:i 0..1
func SelfAssign(i int, v int16) (int16, int16) {
	arr := [2]vec{{1, v, 3}, {4, 5, 6}}
	arr[i], arr[1-i] = arr[1-i], arr[i]
	arr[0] = arr[0]
	p := &arr[0]
	*p, arr[1] = arr[1], *p
	return arr[0].y, arr[1].y
}

func StructInStructCompare(a, b uint8) (bool, bool) {
	type in struct {
		a uint8
		_ uint16
		b uint32
	}
	type out struct {
		i in
		c uint8
		j [2]in
	}
	x := out{i: in{a: a}, j: [2]in{{b: 1}, {a: b}}}
	y := out{i: in{a: a}, j: [2]in{{b: 1}, {a: a}}}
	z := x
	return x == y, z == x
}

func ArrayOfBools(m uint8) (n int) {
	var seen [8]bool
	for i := range seen {
		seen[i] = m>>i&1 == 1
	}
	for i, s := range seen {
		if s && !seen[(i+1)%8] {
			n += i
		}
	}
	return
}

func BoolArithmetic(a, b, c bool) (bool, bool, bool) {
	x := a != b != c
	y := (a && b) == (b || c)
	z := a
	z = z && !x || y
	return x, y, z
}

func NarrowLoop(n int8) (int, int8) {
	turns := 0
	i := n
	for i = n; i > -10 && turns < 20; i -= 7 {
		turns++
	}
	return turns, i
}

func MixedWidths(a int8, b uint16, c int32, d uint64) (int64, uint8, int16) {
	x := int64(a)*int64(b) + int64(c)
	y := uint8(d) - uint8(a)
	z := int16(b) + int16(a)<<2
	if int32(z) > c || uint64(y) < d {
		x = -x
	}
	return x, y, z
}

func SignExtension(a uint32) (int64, uint64, int64, uint64) {
	return int64(int32(a)), uint64(int32(a)), int64(a), uint64(int8(a)) >> 4
}

func CompareMixed(a int32, b uint32) (bool, bool, bool, bool) {
	return int64(a) < int64(b), uint32(a) < b, a < int32(b), uint64(a) < uint64(b)
}

//in:n 0..40
func Digits(x uint32, n uint8) (uint8, uint8) {
	var d [10]uint8
	i := 0
	for x > 0 && i < 10 {
		d[i] = uint8(x % 10)
		x /= 10
		i++
	}
	return d[n%10], uint8(i)
}

func Parse(a, b, c uint8) (int, bool) {
	s := [3]byte{a, b, c}
	n := 0
	for _, ch := range s {
		if ch < '0' || ch > '9' {
			return n, false
		}
		n = n*10 + int(ch-'0')
	}
	return n, true
}

//in:op 0..6
func Machine(op uint8, a, b int32) (int32, bool) {
	var stack [4]int32
	sp := 0
	code := [5]uint8{1, 2, op, op + 1, 9}
	for _, c := range code {
		switch c {
		case 1:
			stack[sp&3] = a
			sp++
		case 2:
			stack[sp&3] = b
			sp++
		case 3:
			if sp < 2 {
				return 0, false
			}
			sp--
			stack[(sp-1)&3] += stack[sp&3]
		case 4:
			stack[sp&3] = -stack[(sp+3)&3]
			sp++
		case 9:
			return stack[(sp-1)&3], true
		}
	}
	return -1, false
}

func MatrixMultiply(a, b int32) (int32, int32) {
	x := [2][2]int32{{a, b}, {1, a}}
	y := [2][2]int32{{b, 2}, {a, 3}}
	var z [2][2]int32
	for i := range x {
		for j := range y[0] {
			for k := range y {
				z[i][j] += x[i][k] * y[k][j]
			}
		}
	}
	return z[0][0] ^ z[1][1], z[0][1] - z[1][0]
}

func Sieve(n uint8) (uint8, int) {
	var composite [14]bool
	count := 0
	last := uint8(0)
	for i := 2; i < 14; i++ {
		if !composite[i] {
			if uint8(i) <= n&15 {
				count++
				last = uint8(i)
			}
			for j := i * i; j < 14; j += i {
				composite[j] = true
			}
		}
	}
	return last, count
}

func hash(data []uint8) uint32 {
	h := uint32(2166136261)
	for _, b := range data {
		h ^= uint32(b)
		h *= 16777619
	}
	return h
}

//in:n 0..8
func Fnv(x uint64, n uint8) uint32 {
	var b [8]uint8
	for i := range b {
		b[i] = uint8(x >> (8 * i))
	}
	return hash(b[:n])
}

//in:n 0..7
//in:m 0..7
func EqualSlices(n, m int, x uint8) bool {
	a := [6]uint8{1, 2, 3, 4, 5, x}
	b := [6]uint8{1, 2, 3, 4, 5, 6}
	s, t := a[:n], b[:m]
	if len(s) != len(t) {
		return false
	}
	for i := range s {
		if s[i] != t[i] {
			return false
		}
	}
	return true
}

type queue struct {
	items      [4]uint16
	head, size uint8
}

func (q *queue) push(v uint16) bool {
	if int(q.size) == len(q.items) {
		return false
	}
	q.items[(q.head+q.size)%uint8(len(q.items))] = v
	q.size++
	return true
}

func (q *queue) pop() (v uint16, ok bool) {
	if q.size == 0 {
		return
	}
	v, ok = q.items[q.head], true
	q.head = (q.head + 1) % 4
	q.size--
	return
}

func Queue(ops uint8, v uint16) (uint16, uint8) {
	var q queue
	last := uint16(0)
	for i := 0; i < 8; i++ {
		if ops>>i&1 == 0 {
			q.push(v + uint16(i))
		} else if x, ok := q.pop(); ok {
			last = last*3 + x
		}
	}
	return last, q.size
}

func Immediate(a int32) int32 {
	x := func(b int32) int32 { return b*2 + 1 }(a)
	return x - a
}

func DeferredConstants() (int, bool) {
	const s = "hello"
	return len(s), s == "hel"+"lo"
}

func BlankAssign(a, b int32) int32 {
	_, x := a, b
	var _ = a / (b | 1)
	_ = [2]int32{a, b}
	return x
}

type bits uint16

const (
	flagA bits = 1 << iota
	flagB
	_
	flagD
)

func (b bits) has(f bits) bool { return b&f == f }
func (b *bits) toggle(f bits)  { *b ^= f }

func Flags(x uint16) (uint16, bool, bool) {
	b := bits(x)
	b.toggle(flagA | flagD)
	return uint16(b &^ flagB), b.has(flagA), b.has(flagB | flagD)
}

func Pick(n uint8) uint32 {
	return [...]uint32{7, 11, 13, 17}[n&3] + map3(n)
}

func map3(n uint8) uint32 {
	switch {
	case n < 85:
		return 1
	case n < 170:
		return 2
	}
	return 3
}
