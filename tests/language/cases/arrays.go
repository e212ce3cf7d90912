package arrays

type pair struct {
	a int16
	b uint32
}

//in:i -2..9
func Index(i int, v int32) int32 {
	a := [8]int32{3, 1, 4, 1, 5, 9, 2, 6}
	return a[i] + v
}

//in:i -2..9
func IndexNarrow(i int8) uint8 {
	a := [5]uint8{10, 20, 30, 40, 50}
	return a[i]
}

//in:i 0..9 255
func IndexUnsigned(i uint8) uint16 {
	a := [7]uint16{1, 2, 4, 8, 16, 32, 64}
	return a[i]
}

func IndexWide(i uint64) uint64 {
	a := [3]uint64{5, 6, 7}
	return a[i]
}

func IndexMod(i int32) int32 {
	a := [5]int32{1, 2, 3, 4, 5}
	return a[i%5]
}

func IndexMasked(i uint32) int32 {
	a := [8]int32{1, 2, 3, 4, 5, 6, 7, 8}
	return a[i&7] + a[i>>29]
}

func IndexDiv(i uint8) uint8 {
	a := [26]uint8{0: 1, 3: 2, 25: 9}
	return a[i/10] + a[i%26]
}

//in:i -1..6
//in:j -1..6
func Swap(i, j int) (int, int, int) {
	a := [6]int{1, 2, 3, 4, 5, 6}
	a[i], a[j] = a[j], a[i]
	return a[0], a[i], a[j]
}

//in:i 0..5
//in:j 0..5
func SwapIndex(i, j int) (int, int, int, int) {
	a := [5]int{4, 3, 2, 1, 0}
	a[i], i = i, a[j]
	return a[0], a[1], a[4], i
}

//in:i 0..4
func AssignOrder(i int) (int, int, int) {
	a := [4]int{10, 20, 30, 40}
	i, a[i] = 1, 99
	return i, a[0], a[i]
}

func Rotate(a, b, c int32) (int32, int32, int32) {
	a, b, c = b, c, a
	return a, b, c
}

//in:i 0..4
func ValueSemantics(i int) (int, int, bool) {
	a := [4]int{1, 2, 3, 4}
	b := a
	b[i] = 100
	c := &a
	c[0]++
	return a[i], b[i], a == b
}

func Compare(x, y uint8) (bool, bool, bool) {
	a, b := [5]uint8{1, 2, x, 4, 5}, [5]uint8{1, 2, y, 4, 5}
	return a == b, a != b, [2]uint8{x, y} == [2]uint8{y, x}
}

func CompareStructs(x, y int16, z uint32) (bool, bool) {
	a := [3]pair{{1, 2}, {x, z}, {}}
	b := [3]pair{{1, 2}, {y, z}, {}}
	return a == b, a[1] != b[1]
}

//in:i 0..3
//in:j 0..4
func TwoDimensions(i, j int, v uint16) (uint16, uint16) {
	var a [3][4]uint16
	for x := range a {
		for y := range a[x] {
			a[x][y] = uint16(x*10 + y)
		}
	}
	a[i][j] += v
	row := a[i]
	row[0] = 7
	return a[i][j], a[2][3] + row[1] + a[i][0]
}

//in:i 0..2
//in:j 0..2
//in:k 0..2
func ThreeDimensions(i, j, k int) int32 {
	a := [2][2][2]int32{{{1, 2}, {3, 4}}, {{5, 6}, {7, 8}}}
	a[1][0] = a[0][1]
	return a[i][j][k]
}

func RangeCopies() (int, int, int) {
	a := [3]int{1, 2, 3}
	s := 0
	for i, v := range a {
		a[2] = 10
		if i == 2 {
			s = v
		}
	}
	t := 0
	a = [3]int{1, 2, 3}
	for i, v := range &a {
		a[2] = 10
		if i == 2 {
			t = v
		}
	}
	u := 0
	a = [3]int{1, 2, 3}
	for i, v := range a[:] {
		a[2] = 10
		if i == 2 {
			u = v
		}
	}
	return s, t, u
}

func RangeIndexOnly(x uint8) int {
	var a [6]uint8
	n := 0
	for i := range a {
		n += i
		if uint8(i) == x {
			break
		}
	}
	for range a {
		n += 100
	}
	return n
}

func RangeValueChange(d int32) (s int32) {
	a := [4]int32{1, 2, 3, 4}
	for _, v := range a {
		v += d
		s = s*3 + v
	}
	return s + a[0]
}

func fill(a [4]int32, v int32) [4]int32 {
	for i := range a {
		a[i] += v * int32(i)
	}
	return a
}

func PassByValue(v int32) (int32, int32) {
	a := [4]int32{1, 1, 1, 1}
	b := fill(a, v)
	return a[3], b[3] + fill(b, 2)[2]
}

func set(a *[4]int32, i int, v int32) { a[i] = v }

//in:i -1..5
func PassPointer(i int, v int32) int32 {
	var a [4]int32
	set(&a, i, v)
	return a[0] + 2*a[1] + 4*a[2] + 8*a[3]
}

func Literal(x int8) (int, int8, int8) {
	a := [...]int8{5: x, 1, 2: 7}
	return len(a), a[6], a[2] + a[5]
}

//in:i 0..3
func ArrayOfStructs(i int, v uint32) (uint32, int16) {
	var a [3]pair
	a[i].b = v
	a[i].a--
	p := &a[i]
	p.b ^= 1
	q := *p
	q.a = 5
	return a[i].b, a[i].a + a[0].a
}

var Effects uint64

func at(n int) int {
	Effects = Effects*16 + uint64(n)
	return n
}

func OnceOnly(v int32) (int32, int32) {
	a := [4]int32{1, 2, 3, 4}
	a[at(2)] += v
	a[at(3)]++
	return a[2], a[3]
}

func OnceOnlyNested(v int32) int32 {
	var a [2][3]int32
	a[at(1)][at(2)] -= v
	a[at(0)][at(1)], a[at(1)][at(0)] = int32(at(7)), int32(at(8))
	return a[1][2] + a[0][1] + a[1][0]
}

//in:n 0..8
func Bubble(n int, seed uint32) (uint32, uint32, bool) {
	var a [8]uint32
	for i := range a {
		seed = seed*1664525 + 1013904223
		a[i] = seed >> 20
	}
	for i := 0; i < 8; i++ {
		for j := 0; j+1 < 8-i; j++ {
			if a[j] > a[j+1] {
				a[j], a[j+1] = a[j+1], a[j]
			}
		}
	}
	ok := true
	for i := 1; i < 8; i++ {
		ok = ok && a[i-1] <= a[i]
	}
	return a[0], a[n&7], ok
}

//in:n 0..30
func Fibonacci(n uint8) uint32 {
	f := [32]uint32{0, 1}
	for i := 2; i < 32; i++ {
		f[i] = f[i-1] + f[i-2]
	}
	return f[n]
}

func Zero() (bool, int) {
	var a [0]int
	var b [3]struct{}
	return a == [0]int{}, len(a) + len(b)
}

//in:i 0..3
func Bools(i int, v bool) (bool, bool, bool) {
	var a [3]bool
	a[i] = v
	return a[0], a[1], a[2]
}

func Large(i uint8) int {
	var a [50]int
	for j := range a {
		a[j] = j * j
	}
	return a[i%50]
}

//in:i 0..4
func Pointers(i int, v int) (int, int) {
	x, y := 1, 2
	a := [4]*int{&x, &y, &x, nil}
	*a[i] = v
	return x, y
}

//in:i 0..3
func IndexOfCall(i int) int32 { return fill([4]int32{1, 2, 3, 4}, 3)[i] }

//in:i 0..3
func IndexOfLiteral(i uint) uint8 { return [...]uint8{3, 1, 2}[i] }

func LenCap(x bool) int {
	var a [7]int
	p := &a
	if x {
		p = nil
	}
	return len(p) + cap(p) + len(a)
}

func RangeNilPointer() int {
	var p *[4]int
	n := 0
	for i := range p {
		n += i
	}
	return n
}

func RangeNilPointerValues() int {
	var p *[4]int
	n := 0
	for _, v := range p {
		n += v
	}
	return n
}
