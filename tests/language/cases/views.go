package views

import "unsafe"

// Strings made of bytes that change afterwards: a view of the bytes would show the change.

var Effects uint64

var store [12]byte

type buffer struct {
	data [10]byte
	n    uint8
}

type named struct {
	name string
	next string
}

func fill(b []byte, v uint64) {
	for i := range b {
		b[i] = byte(v>>(8*(i&7))) + byte(i)
	}
}

func hash(s string) (h uint32) {
	for i := 0; i < len(s); i++ {
		h = h*31 + uint32(s[i])
	}
	return
}

func (b *buffer) text() string { return unsafe.String(&b.data[0], int(b.n%11)) }

func (b *buffer) change(x byte) { b.data[1] = x }

func FieldBytes(v uint64, x byte) (uint32, uint32) {
	b := buffer{n: 7}
	fill(b.data[:], v)
	s := string(b.data[:])
	b.change(x)
	return hash(s), hash(string(b.data[2:]))
}

// UnsafeString is a view in Go, too.
func UnsafeString(v uint64, x byte) (uint32, byte) {
	b := buffer{n: 7}
	fill(b.data[:], v)
	s := b.text()
	b.change(x)
	return hash(s), s[1]
}

func AfterBranch(v uint64, c bool, x byte) (byte, uint32) {
	var b [6]byte
	fill(b[:], v)
	s := string(b[:4])
	if c {
		b[0] = x
	}
	return s[0], hash(s)
}

func BeforeAndAfter(v uint64, x byte) (bool, bool) {
	var b [6]byte
	fill(b[:], v)
	s := string(b[:])
	before := s == string(b[:])
	b[5] += x
	return before, s == string(b[:])
}

func Reassigned(v uint64, c bool) (uint32, uint32) {
	var a, b [5]byte
	fill(a[:], v)
	fill(b[:], v+1)
	s := string(a[:])
	t := s
	if c {
		s = string(b[:])
	}
	a[0], b[0] = 1, 2
	return hash(s), hash(t)
}

func part(b *[6]byte, n int) (string, bool) { return string(b[n:]), b[0] > 9 }

//in:n 0..6
func Returned(v uint64, n int) (uint32, bool) {
	var b [6]byte
	fill(b[:], v)
	s, big := part(&b, n)
	h := hash(s)
	b[n%6] = 77
	t, _ := part(&b, 0)
	return h*3 + hash(t), big
}

func Swap(v uint64) (uint32, uint32) {
	var a, b [4]byte
	fill(a[:], v)
	fill(b[:], ^v)
	s, t := string(a[:]), string(b[:])
	s, t = t, s
	a[3], b[3] = b[3], a[3]
	return hash(s), hash(t)
}

//in:n 0..5
func LastInLoop(v uint64, n uint8) (uint32, byte) {
	var b [6]byte
	fill(b[:], v)
	first := string(b[:])
	for i := range n {
		b[i]++
		if i == 2 {
			break
		}
		b[5] += first[i]
	}
	return hash(first), b[5]
}

//in:n 0..6
func ShadowInLoop(v uint64, n uint8) (h uint32) {
	var b [6]byte
	fill(b[:], v)
	for i := range n {
		s := string(b[i:])
		if len(s) > 2 && s[1] > 7 {
			h += hash(s)
		}
		b[i] ^= 0x33
		h += hash(s[:1])
	}
	return
}

func both(p *[6]byte, s string, x byte) (byte, uint32) {
	p[1] = x
	return s[1], hash(s)
}

func WrittenByTheCallee(v uint64, x byte) (byte, uint32) {
	var b [6]byte
	fill(b[:], v)
	return both(&b, string(b[:]), x)
}

func pass(s string) string { return s[1:] }

func ThroughResult(v uint64, x byte) (uint32, byte) {
	var b [6]byte
	fill(b[:], v)
	s := pass(string(b[:]))
	b[2] = x
	return hash(s), b[2]
}

func keep(n *named, s string) { n.name, n.next = s, n.name }

func InStruct(v uint64, x byte) (uint32, uint32, bool) {
	var b [6]byte
	var n named
	fill(b[:], v)
	keep(&n, string(b[:3]))
	keep(&n, "constant")
	m := n
	b[0] = x
	return hash(n.name), hash(n.next), m == n
}

func OfGlobal(v uint64, x byte) (uint32, byte) {
	fill(store[:], v)
	s := string(store[2:9])
	again(x)
	Effects = uint64(hash(s))
	return hash(s), store[4]
}

func again(x byte) { store[4] = x }

func BytesOfView(v uint64, x byte) (byte, byte, byte) {
	var b [6]byte
	fill(b[:], v)
	s := string(b[:])
	c := []byte(s)
	c[0] = x
	b[0] = x + 1
	return b[0], c[0], s[0]
}

func CopyOntoItself(v uint64) (uint32, int) {
	var b [8]byte
	fill(b[:], v)
	n := copy(b[2:], string(b[:]))
	return hash(string(b[:])), n
}

func AppendItself(v uint64) (uint32, int) {
	var b [8]byte
	fill(b[:], v)
	s := append(b[:2], string(b[1:5])...)
	return hash(string(b[:])), len(s)
}

func RangeAndWrite(v uint64) (h uint64) {
	var b [8]byte
	fill(b[:], v)
	for i, r := range string(b[:]) {
		b[7-i]++
		h = h*1000003 + uint64(r) + uint64(i)
	}
	return
}

func SwitchAndWrite(v uint64) int {
	var b [2]byte
	fill(b[:], v)
	switch string(b[:]) {
	case "\x00\x01":
		b[0] = 9
		return int(b[0])
	case "\x01\x01", "\xff\x01":
		return 2
	}
	return 3
}

func Pointers(v uint64, c bool, x byte) (uint32, uint32) {
	var a, b [4]byte
	fill(a[:], v)
	fill(b[:], v)
	p := &a
	if c {
		p = &b
	}
	s := string(a[:])
	p[2] = x
	return hash(s), hash(string(p[:]))
}

//in:lo 0..5
//in:hi 0..7
func Bounds(v uint64, lo, hi uint8, x byte) (uint32, int) {
	var b [6]byte
	fill(b[:], v)
	Effects = 1
	s := string(b[lo:hi])
	Effects = 2
	b[3] = x
	return hash(s), len(s)
}
