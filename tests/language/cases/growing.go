package growing

import "unsafe"

var Effects uint64

var table [8]uint32

type pair struct {
	a uint8
	b uint32
}

type list struct {
	items []uint16
	room  [6]uint16
}

// The reference's slices grow where ours end the program: each case stays within its capacity, or panics
// by itself before.

func Literal(x, y int32) (int, int32, int32) {
	var a [6]int32
	s := append(a[:0], x, y)
	s = append(s, x+y)
	return len(s), s[2], a[1]
}

//in:n 0..6
func Loop(n uint8, x uint32) (int, uint32) {
	var buf [6]uint32
	s := buf[:0]
	for i := uint8(0); i < n; i++ {
		s = append(s, x+uint32(i))
	}
	sum := uint32(0)
	for _, v := range s {
		sum = sum*3 + v
	}
	return len(s), sum
}

//in:n 0..8
//in:k 0..8
func Two(n, k uint8) (int, uint8) {
	var buf [16]byte
	s := buf[:0:8]
	t := buf[8:8]
	for i := range n {
		s = append(s, i)
	}
	for i := range k {
		t = append(t, 100+i)
	}
	h := uint8(0)
	for _, b := range buf {
		h = h*7 + b
	}
	return len(s) + len(t), h
}

//in:lo 0..4
//in:hi 4..8
func Slices(lo, hi uint8, x byte) (int, byte, byte) {
	src := [8]byte{1, 2, 3, 4, 5, 6, 7, 8}
	var buf [12]byte
	s := append(buf[:1], src[lo:hi]...)
	s = append(s, x)
	return len(s), s[1], s[len(s)-1]
}

//in:n 0..3
func Overlap(n uint8) (uint64, int) {
	buf := [8]byte{1, 2, 3, 4, 5, 6, 7, 8}
	s := append(buf[:n], buf[:4]...)
	h := uint64(0)
	for _, b := range buf {
		h = h<<8 | uint64(b)
	}
	return h, len(s)
}

//in:n 0..7
func ToItself(n uint8) (int, uint32) {
	buf := [16]uint32{1, 2, 3, 4, 5, 6, 7}
	s := buf[:n]
	s = append(s, s...)
	h := uint32(0)
	for _, v := range buf {
		h = h*31 + v
	}
	return len(s), h
}

//in:n 0..8
func OfVariable(n uint8, x uint32) (int, uint32) {
	clear(table[:])
	s := table[:0]
	for i := uint8(0); i < n; i++ {
		s = append(s, x)
	}
	return len(s), table[0] + table[7]
}

//in:n 0..5
func Structs(n, x uint8) (int, uint32) {
	var buf [5]pair
	s := buf[:0]
	for i := range n {
		s = append(s, pair{i, uint32(i) * uint32(x)})
	}
	t := uint32(0)
	for _, p := range s {
		t += p.b<<4 + uint32(p.a)
	}
	return len(s), t
}

func (l *list) add(v uint16) { l.items = append(l.items, v) }

//in:n 0..6
func Method(n uint8, x uint16) (int, uint16) {
	var l list
	l.items = l.room[:0]
	for i := range n {
		l.add(x + uint16(i))
	}
	return len(l.items), l.room[0]
}

func add(s []uint16, v uint16) []uint16 { return append(s, v) }

func InFunction(x, y uint16) (int, uint16) {
	var buf [4]uint16
	s := add(buf[:1], x)
	s = add(s, y)
	return len(s), s[2] + buf[1]
}

//in:n -1..9
func Make(n int) (int, int, int) {
	s := make([]int, n, 8)
	for i := range s {
		s[i] = i + 1
	}
	t := 0
	for _, v := range s {
		t += v
	}
	return len(s), cap(s), t
}

//in:n 0..5
func MakeInLoop(n uint8) (t uint32) {
	for i := range n {
		s := make([]uint32, 0, 4)
		s = append(s, uint32(i))
		s = s[:3]
		t = t*5 + s[0] + s[1] + s[2]
		s[2] = 9
	}
	return
}

func MakeLiteral(x uint8) (uint8, int, int) {
	s := make([]uint8, 5)
	s[3] = x
	t := []uint8{1, 2, x}
	return s[3] + t[2], len(s), cap(t)
}

func New(x int64) (int64, bool) {
	p := new(int64)
	q := new(pair)
	*p = x
	q.b = uint32(x)
	r := p
	*r++
	return *p + int64(q.b), p == r
}

//in:i -1..5
func AppendThenIndex(i int, x byte) byte {
	var buf [4]byte
	s := append(buf[:1], x, x+1)
	Effects = uint64(len(s))
	return s[i]
}

func Full(x byte) (int, byte, byte) {
	var buf [8]byte
	s := buf[1:2:4]
	s = append(s, x)
	t := append(s, 7)
	return len(s) + cap(t), t[2], buf[3]
}

//in:n 0..9
func Unsafe(n uint8, x uint64) (int, uint64, byte) {
	v := x
	b := unsafe.Slice((*byte)(unsafe.Pointer(&v)), 8)
	if n < 8 {
		b[n] = 0xff
	}
	return cap(b[2:]), v, b[7]
}

//in:n 0..4
//in:at 0..4
func UnsafePart(n, at uint8) (int, uint32) {
	var a [8]uint32
	s := unsafe.Slice(&a[at], n)
	for i := range s {
		s[i] = uint32(i) + 1
	}
	return len(s) + cap(s), a[4] + a[7]
}

func UnsafeAdd(x uint32) (byte, uintptr, uintptr, uintptr) {
	v := [2]uint32{x, x + 1}
	p := (*byte)(unsafe.Add(unsafe.Pointer(&v), 4))
	var q pair
	return *p, unsafe.Offsetof(q.b), unsafe.Alignof(q), unsafe.Sizeof(q)
}

//in:n 0..5
func ArrayOfSlice(n uint8) (byte, byte) {
	b := [5]byte{1, 2, 3, 4, 5}
	a := [3]byte(b[:n])
	p := (*[2]byte)(b[1:])
	b[0] = 9
	p[0] = 8
	return a[0], b[1]
}

//in:i 0..3
//in:j 0..4
func Rows(i, j uint8, x int16) (int16, int) {
	var m [3][4]int16
	for r := range m {
		for c := range m[r] {
			m[r][c] = int16(r*4+c) * x
		}
	}
	row := m[i][:]
	return row[j], len(m[1:])
}

//in:i 0..3
//in:j 0..5
func SliceOfSlices(i, j uint8) (byte, int) {
	a, b := [3]byte{1, 2, 3}, [5]byte{4, 5, 6, 7, 8}
	rows := [][]byte{a[:], b[1:4], b[:]}
	rows[1][0]++
	n := 0
	for _, r := range rows {
		n += len(r)
	}
	return rows[i][j], n
}

//in:i 0..19
func PointersInArray(i, x uint8) uint8 {
	var vars [20]uint8
	var p [20]*uint8
	for k := range p {
		p[k] = &vars[19-k]
	}
	*p[i] = x
	return vars[3] + vars[0]
}

//in:i -1..4
func SliceOfPointers(i int, x uint8) (uint8, uint8) {
	var a, b, c uint8
	ps := []*uint8{&a, &b, &c}
	*ps[i] = x
	for _, p := range ps[1:] {
		*p++
	}
	return a + b*2, c
}

//in:n 0..6
func Clear(n uint8) (h uint32) {
	b := [6]uint32{1, 2, 3, 4, 5, 6}
	clear(b[:n])
	for _, v := range b {
		h = h*7 + v
	}
	return
}

func Nothing(x byte) int {
	var buf [2]byte
	s := append(buf[:2])
	s = append(s, ""...)
	return len(s) + int(x)
}

//in:at 0..9
func UnsafeAddVariable(at, x uint8) (byte, byte) {
	var b [8]byte
	p := (*byte)(unsafe.Add(unsafe.Pointer(&b), at&7))
	*p = x
	q := (*byte)(unsafe.Pointer(uintptr(unsafe.Pointer(&b)) + uintptr(at&3)))
	*q += 2
	return b[2], b[7]
}
