package large

type rec struct {
	id   uint32
	name [16]uint8
	vals [40]uint64
	tail int8
}

var big [4096]uint8
var recs [8]rec
var other rec

//in:i 0..4097
func ZeroBig(i uint16, v uint8) (uint8, uint8) {
	big[5] = 7
	clear(big[:])
	big[i%4096] = v
	return big[5], big[i%4096]
}

//in:i 0..8
func Records(i int, v uint64) (uint64, uint32, bool) {
	other = rec{id: 7, tail: -1}
	other.vals[39] = v
	recs[0] = rec{}
	recs[7] = recs[0]
	recs[i] = other
	recs[i].id++
	return recs[7].vals[39] + recs[0].vals[39], recs[i].id, recs[i] == other
}

//in:i 0..8
func PointerRec(i int, v uint64) (uint64, int8) {
	p := &recs[i]
	*p = rec{tail: 3}
	p.vals[i] = v
	q := p
	q.tail--
	other = *q
	return other.vals[i], other.tail
}

//in:i 0..20
//in:n 0..20
func CopyName(i, n int) (uint8, int) {
	other.name = [16]uint8{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}
	c := copy(recs[1].name[i:], other.name[:n])
	return recs[1].name[15], c
}

func total(r rec) (t uint64) {
	for _, v := range r.vals {
		t += v
	}
	return t + uint64(r.id)
}

func sumOf(p *rec) (t uint64) {
	for _, v := range p.vals {
		t += v
	}
	return t + uint64(p.id)
}

func ByPointer(v uint64) uint64 {
	other = rec{id: 3}
	other.vals[3] = v
	return sumOf(&other)
}

//in:n 0..40
func SumPrefix(n uint32, v uint64) (t uint64) {
	other = rec{}
	other.vals[2] = v
	other.vals[39] = 1
	s := other.vals[:n]
	for _, x := range s {
		t += x
	}
	return
}

func Compare(v uint64) (bool, bool) {
	recs[2] = rec{id: 5}
	recs[3] = rec{id: 5}
	a := recs[2] == recs[3]
	recs[3].vals[20] = v
	return a, recs[2] == recs[3]
}

//in:i 0..5
func Local(i int, v uint16) (uint16, uint16) {
	var a [60]uint16
	for k := range a {
		a[k] = uint16(k) * v
	}
	b := a
	b[i*11] ^= 0xff
	return a[55] + b[i*11], b[59]
}

type small struct{ a [5]uint8 }
type three [3]uint8

func mk(a, b, c uint8) three { return three{a, b, c} }

//in:i 0..2
func ThreeBytes(i int, a, b uint8) (uint8, bool) {
	t := mk(a, b, 3)
	u := [2]three{t, mk(b, a, 3)}
	u[i&1][2]++
	return u[i&1][i], u[0] == t
}

func OddSizes(a uint8) (bool, uint8) {
	x := small{[5]uint8{1, 2, a}}
	y := x
	y.a[4] = a
	z := [3]small{x, y, x}
	w := z
	return w == z && z[0] == z[2], w[1].a[4] + w[2].a[2]
}
