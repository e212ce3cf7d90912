package text

import "unsafe"

const greeting = "hello, world"

var names = [...]string{"", "a", "tcp", "udp", "icmp", "a longer name than the others"}

var title = "title"

type protocol struct {
	name   string
	number uint8
}

var protocols = [...]protocol{{"tcp", 6}, {"udp", 17}, {"icmp", 1}, {"", 0}}

var last string

var shared [16]byte

type text string

// bytesOf makes test data: the bytes of v, the lowest first.
func bytesOf(v uint64) [8]byte {
	var b [8]byte
	for i := range b {
		b[i] = byte(v >> (8 * i))
	}
	return b
}

//in:i -2..14
func IndexConstant(i int) (byte, int) { return greeting[i], len(greeting[2:]) }

//in:i 0..7
func Lookup(i uint8) (int, byte) {
	s := names[i]
	return len(s), s[len(s)-1]
}

//in:i 0..6
func LookupLoop(i uint8) (h uint32) {
	for _, c := range []byte(names[i]) {
		h = h*31 + uint32(c)
	}
	s := names[i]
	for j := 0; j < len(s); j++ {
		h = h*31 + uint32(s[j])
	}
	return h
}

//in:n 0..18
func StructTable(n uint8) (string_ int, first bool) {
	for _, p := range protocols {
		if p.number == n {
			return len(p.name), p.name != "" && p.name[0] == 'u'
		}
	}
	return -1, false
}

func FoldedVariable() (int, byte, bool) { return len(title), title[1], title == "title" }

//in:i 0..5
//in:j 0..5
func Compare(i, j uint8) (bool, bool, bool, bool, bool, bool) {
	x, y := names[i], names[j]
	return x == y, x != y, x < y, x <= y, x > y, x >= y
}

//in:v 0x706374 0x706475 0x70637400 0 0xff 0x636b 0x7063747063747063
//in:n -1..9
func CompareView(v uint64, n int) (bool, bool, bool, bool, bool) {
	b := bytesOf(v)
	if n < 0 || n > 8 {
		return false, false, false, false, false
	}
	s := unsafe.String(&b[0], n)
	return s == "tcp", s < "tcp", s >= "tc", s == "", s == "tcptcptc"
}

//in:v 0 0x41 0x4142 0x20544547 0x20544f50 0x0000544547 0x2f20544547
func Prefix(v uint64) (bool, int) {
	b := bytesOf(v)
	s := string(b[:])
	if len(s) >= 4 && s[:4] == "GET " {
		return true, len(s[4:])
	}
	return s[:3] == "GET", 0
}

//in:v 0x706374 0x706475 0x706d6369 0 0x61
//in:n 0..8
func Switch(v uint64, n uint8) int {
	b := bytesOf(v)
	switch string(b[:n]) {
	case "tcp":
		return 6
	case "udp":
		return 17
	case "icmp":
		return 1
	case "":
		return -1
	case "a", "b":
		return 7
	}
	return 0
}

//in:lo -1..6
//in:hi -1..6
func Slice(lo, hi int) (int, byte, bool) {
	s := title[lo:hi]
	c := byte(0)
	if len(s) > 0 {
		c = s[0]
	}
	return len(s), c, s == "itl"
}

//in:i 0..6
//in:lo 0..5
func SliceFrom(i, lo uint8) (int, bool) {
	s := names[i][lo:]
	return len(s), s == "cp"
}

//in:v 0 0x61 0x61e9 0xa9c361 0xac82e2 0x8d9ef0 0x888d9ff0 0xc3 0xa9 0x80 0xa0c0 0xbfbfbfbfbfbfbfbf 0x80a0ed 0x8080f0 0x80808080f0 0x808090f4 0xffffffffffffffff 0xa9c3a9c3a9c3a9c3 0x888d9ff0888d9ff0 0xf8888080 0x80efbfbd 0x41c341e241f0 0x9082e2 0xbf80e0 0xc2c2c2 0xa0a0e0
//in:n 0..8
func Runes(v uint64, n uint8) (h uint64, count int) {
	b := bytesOf(v)
	s := string(b[:n])
	for i, r := range s {
		h = h*1000003 + uint64(i)<<32 + uint64(r)
		count++
	}
	return
}

func RunesConstant() (h uint64) {
	for i, r := range "aé\x00€😀\xff\xe2\x82z" {
		h = h*31 + uint64(i) + uint64(r)
	}
	return
}

//in:i 0..5
func RunesTable(i uint8) (count int) {
	for range names[i] {
		count++
	}
	for k := range names[i] {
		count += k
	}
	return
}

func Breaks(v uint64) (found int) {
	b := bytesOf(v)
	found = -1
	for i, r := range string(b[:]) {
		if r == 0 {
			continue
		}
		if r > 'a' {
			found = i
			break
		}
	}
	return
}

//in:r -1 0 65 127 128 233 0x7ff 0x800 0x20ac 0xd7ff 0xd800 0xdfff 0xe000 0xffff 0x10000 0x1f600 0x10ffff 0x110000 0x7fffffff
func OfRune(r rune) (int, uint32) {
	s := string(r)
	h := uint32(0)
	for i := 0; i < len(s); i++ {
		h = h<<8 | uint32(s[i])
	}
	return len(s), h
}

func OfWide(a uint64) (int, bool) {
	s := string(rune(a))
	return len(s), s == "\uFFFD"
}

func CopyAfterWrite(v uint64, w uint8) (bool, byte, byte) {
	b := bytesOf(v)
	s := string(b[:])
	b[0] = w
	return s[0] == b[0], s[0], b[0]
}

func CopyThroughPointer(v uint64, w uint8) (byte, byte) {
	b := bytesOf(v)
	p := &b[1]
	s := string(b[:])
	*p = w
	return s[1], b[1]
}

func overwrite(b *[8]byte, w uint8) { b[2] = w }

func CopyAndCall(v uint64, w uint8) (byte, byte, int) {
	b := bytesOf(v)
	s := string(b[:4])
	overwrite(&b, w)
	return s[2], b[2], len(s)
}

func CopyInLoop(v uint64) (h uint32) {
	b := bytesOf(v)
	for i := range b {
		s := string(b[:i])
		b[i] ^= 0x5a
		b[0]++
		for j := 0; j < len(s); j++ {
			h = h*31 + uint32(s[j])
		}
	}
	return
}

func LoopCarried(v uint64) (same int) {
	b := bytesOf(v)
	before := ""
	s := string(b[:3])
	for i := 0; i < 5; i++ {
		if s == before {
			same++
		}
		before = s
		b[i] = byte(i)
	}
	if s == before {
		same += 10
	}
	return
}

func ViewOfShared(v uint64, w uint8) (byte, byte) {
	for i := range shared {
		shared[i] = byte(v >> (i & 7))
	}
	s := string(shared[:])
	change(w)
	return s[3], shared[3]
}

func change(w uint8) { shared[3] = w }

func CompareThenWrite(v uint64) (bool, byte) {
	b := bytesOf(v)
	same := string(b[:2]) == "\x01\x00"
	b[0] = 9
	return same, b[0]
}

//in:i 0..5
func BytesOf(i uint8, w uint8) (int, byte, byte) {
	s := names[i]
	b := []byte(s)
	if len(b) == 0 {
		return 0, 0, 0
	}
	b[0] = w
	return len(b), s[0], b[0]
}

func BytesOfConstant(w uint8) (int, byte, byte, bool) {
	b := []byte("abc")
	b[1] = w
	return len(b), b[0], b[1], string(b) == "axc"
}

//in:i 0..5
//in:lo 0..9
func CopyFrom(i, lo uint8) (int, byte, byte) {
	var b [8]byte
	n := copy(b[lo:], names[i])
	return n, b[0], b[7]
}

//in:i 0..5
func AppendString(i uint8) (int, byte, bool) {
	var a [40]byte
	b := append(a[:0], '<')
	b = append(b, names[i]...)
	b = append(b, ">"...)
	return len(b), b[len(b)-1], string(b) == "<tcp>"
}

func choose(c bool, x, y string) string {
	if c {
		return x
	}
	return y
}

func longest(x, y string) (string, int) {
	if len(x) >= len(y) {
		return x, len(x)
	}
	return y, len(y)
}

//in:i 0..5
func Parameters(c bool, i uint8) (int, byte, bool, int) {
	s := choose(c, "yes", names[i])
	t, n := longest(s, "abcd")
	return len(s), t[0], s == "yes", n
}

func sum(s string) (t uint32) {
	for i := 0; i < len(s); i++ {
		t += uint32(s[i])
	}
	return
}

//in:n 0..8
func ViewAsArgument(v uint64, n uint8) (uint32, uint32) {
	b := bytesOf(v)
	return sum(string(b[:n])), sum("constant")
}

type line struct {
	host, path string
	port       uint16
}

//in:i 0..5
func Fields(i uint8, p uint16) (int, bool, bool) {
	l := line{names[i], "/", p}
	m := l
	m.host = "udp"
	return len(l.host) + len(m.path), l == m, l == line{"tcp", "/", 80}
}

func FieldsWithViews(v uint64) (int, byte, bool, bool) {
	b := bytesOf(v)
	l := line{host: "fixed", path: string(b[2:6])}
	k := line{host: string(b[:1]), path: "x"}
	if v&1 != 0 {
		l.host = k.host
	}
	return len(l.host), l.host[0], l == k, l.path == "\x00\x00\x00\x00"
}

//in:i 0..3
func Array(i uint8, v uint64) (int, bool) {
	b := bytesOf(v)
	a := [3]string{"one", string(b[:]), "three"}
	return len(a[i]), a[i] == "three"
}

//in:i 0..5
func ArrayOfConstants(i uint8) (int, bool) {
	a := [...]string{"one", "two", "three", names[2]}
	return len(a[i]), a[i] == "tcp"
}

//in:i 0..5
func Written(i uint8) (int, bool) {
	last = names[i]
	n := len(last)
	last = "x"
	return n, last == names[1]
}

func Pointer(c bool) (int, bool) {
	s := "abc"
	p := &s
	if c {
		*p = "defg"
	}
	return len(*p), s == "defg"
}

func Empty() (int, bool, bool) {
	var s string
	var l line
	return len(s) + len(l.host), s == "", l.path == s
}

//in:i 0..5
//in:j 0..5
func Extremes(i, j uint8) (int, int) {
	return len(min(names[i], names[j], "b")), len(max(names[i], names[j]))
}

func same[T ~string](x, y T) bool { return x == y }

func length[T ~string | ~[]byte](x T) int { return len(x) }

//in:i 0..5
func Generic(i uint8) (bool, bool, int) {
	b := [2]byte{1, 2}
	return same(names[i], "udp"), same(text("a"), text(names[i])), length(b[:]) + length(text("xyz"))
}

//in:i 0..5
func Named(i uint8) (int, bool, byte) {
	t := text(names[i])
	return len(t), string(t) == "tcp", t[0]
}

//in:n -1..9
//in:at 0..8
func UnsafeString(v uint64, n, at int) (int, uint32) {
	b := bytesOf(v)
	if n < 0 || at > 7 || n > 8-at {
		return -1, 0
	}
	s := unsafe.String(&b[at], n)
	return len(s), sum(s)
}

func UnsafeData(v uint64) (byte, byte, int) {
	b := bytesOf(v)
	s := unsafe.String(unsafe.SliceData(b[1:]), 3)
	p := unsafe.StringData(s)
	q := unsafe.Slice((*byte)(unsafe.Pointer(&v)), unsafe.Sizeof(v))
	q[7]++
	return *p, q[7], len(q) + cap(q[2:4])
}

//in:i 0..3
func NulBytes(i uint8) (int, bool, byte) {
	s := "a\x00b"
	return len(s), s == "a\x00c", s[i]
}

func Order(a uint8) (n int) {
	s := "abc"
	for i := range s {
		s = s[:2]
		n += i + len(s)
	}
	return n + int(a)
}

func Build(a, b int8) (int, bool, uint32) {
	buf := make([]byte, 0, 16)
	for i, r := range "añb" {
		if i > 0 {
			buf = append(buf, ',')
		}
		buf = append(buf, string(r+rune(a))...)
	}
	if b > 0 {
		buf = append(buf, "!"...)
	}
	return len(buf), string(buf) == "a,ñ,b", sum(string(buf))
}

//in:i 0..3
//in:j 0..3
func Nested(i, j uint8) (int, bool) {
	g := [2][2]string{{"a", "bc"}, {"def", ""}}
	x := g
	x[1][0] = "a"
	return len(x[i][j]), x[i&1] == g[1]
}

func Closure(n int64) (byte, byte) {
	s := "abc"
	at := func(i int64) byte { return s[i] }
	first := at(n & 1)
	s = "xy"
	return first, at(n)
}

func size(x any) int {
	switch v := x.(type) {
	case string:
		return len(v)
	case int:
		return v
	}
	return -1
}

//in:i 0..5
func Interface(i uint8) (int, int) { return size(names[i]), size(int(i)) }

type entry[K comparable] struct {
	key   K
	value int
}

func lookup[K comparable](table []entry[K], key K) int {
	for _, e := range table {
		if e.key == key {
			return e.value
		}
	}
	return -1
}

//in:i 0..5
func GenericTable(i uint8) int {
	return lookup([]entry[string]{{"tcp", 6}, {"udp", 17}, {"", 0}}, names[i])
}

func total(words ...string) (n int) {
	for i, w := range words {
		n += (i + 1) * len(w)
	}
	return
}

//in:i 0..5
func Variadic(i uint8) (int, int) { return total("a", names[i], "ccc"), total() }

func Labels(a uint8) (found rune) {
outer:
	for i, r := range "héllo" {
		for _, q := range "xél" {
			if r == q && i > int(a&3) {
				found = r
				break outer
			}
			if q > r {
				continue outer
			}
		}
	}
	return
}
