package pointers

type node struct {
	v int32
	n *node
}
type ent struct {
	s []uint8
	k int16
}

//in:i -1..4
func Ptr(i int, v int) (int, int) {
	x, y := 1, 2
	a := [4]*int{&x, &y, &x, nil}
	*a[i] = v
	return x, y
}

//in:i 0..3
//in:j 0..3
func StorePtr(i, j int, v int32) (int32, int32) {
	x, y := int32(1), int32(2)
	var a [3]*int32
	a[0], a[1], a[2] = &x, &x, &x
	a[i] = &y
	*a[j] = v
	return x, y
}

//in:i 0..3
func Structs(i uint8, v uint8) (uint8, int) {
	b := [6]uint8{1, 2, 3, 4, 5, 6}
	var e [3]ent
	for k := range e {
		e[k].s = b[k : 2*k+1]
		e[k].k = int16(k)
	}
	e[i].s[0] = v
	return b[0] + b[1]*2 + b[2]*3, len(e[i].s) + int(e[i].k)
}

//in:i 0..4
func RangePtrs(i int, v int32) int32 {
	var ns [4]node
	var ps [4]*node
	for k := range ns {
		ns[k].v = int32(k)
		ps[k] = &ns[3-k]
	}
	t := int32(0)
	for k, p := range ps {
		if k == i {
			p.v += v
		}
		t = t*3 + p.v
	}
	return t + ns[i].v
}

//in:i 0..5
func List(i int) int32 {
	var ns [5]node
	for k := 0; k < 4; k++ {
		ns[k].v = int32(k * k)
		ns[k].n = &ns[k+1]
	}
	return ns[i].n.v
}

func pick(a [3]*int32, i int) *int32 { return a[i] }

//in:i 0..3
func ByValue(i int, v int32) (int32, int32) {
	x, y := int32(1), int32(2)
	*pick([3]*int32{&x, &y, &x}, i) = v
	return x, y
}

func second(a *[3]*int32, i int) { *a[i]++ }

//in:i 0..3
func ByPointer(i int, v int32) (int32, int32) {
	x, y := v, int32(2)
	a := [3]*int32{&x, &y, &x}
	second(&a, i)
	return x, y
}

func set(a *[3]*int32, i int, p *int32) { a[i] = p }

//in:i 0..3
func SetByPointer(i int, v int32) (int32, int32) {
	x, y := v, int32(2)
	a := [3]*int32{&x, &y, &x}
	set(&a, i, &y)
	*a[2]++
	*a[0]--
	return x, y
}
