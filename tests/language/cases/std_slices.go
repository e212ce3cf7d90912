package std_slices

import "slices"

// Functions of slices that the kernel has.

// numbers is eight small numbers.
func numbers(x uint64) (a [8]int16) {
	for i := range a {
		a[i] = int16(x>>(4*i)&15) - 4
	}
	return a
}

func digest(s []int16) (sum uint64) {
	for _, v := range s {
		sum = sum*31 + uint64(uint16(v))
	}
	return sum*31 + uint64(len(s))
}

//in:n 0..8
//in:m 0..8
func Equal(x, y uint64, n, m uint8) (equal bool, order int) {
	a, b := numbers(x), numbers(y)
	s, other := a[:n], b[:m]
	return slices.Equal(s, other), slices.Compare(s, other)
}

//in:n 0..8
func Near(x uint64, n uint8) (equal bool, order int) {
	a := numbers(x)
	s := a[:n]
	b := a
	b[x&7]++
	return slices.Equal(s, b[:n]), slices.Compare(s, b[:n])
}

//in:n 0..8
func Find(x uint64, n uint8, v int16) (index int, contains bool) {
	a := numbers(x)
	s := a[:n]
	return slices.Index(s, v&15-4), slices.Contains(s, v&15-4)
}

//in:n 0..8
func Extremes(x uint64, n uint8) (least, greatest int16) {
	a := numbers(x)
	s := a[:n]
	return slices.Min(s), slices.Max(s)
}

//in:n 0..8
func Reverse(x uint64, n uint8) uint64 {
	a := numbers(x)
	s := a[:n]
	slices.Reverse(s)
	return digest(a[:])
}

//in:n 0..8
func Sort(x uint64, n uint8) (sorted, after bool, sum uint64) {
	a := numbers(x)
	s := a[:n]
	sorted = slices.IsSorted(s)
	slices.Sort(s)
	return sorted, slices.IsSorted(s), digest(a[:])
}

//in:n 0..8
func Search(x uint64, n uint8, v int16) (at int, found bool) {
	a := numbers(x)
	s := a[:n]
	slices.Sort(s)
	return slices.BinarySearch(s, v&15-4)
}

//in:n 0..8
func Compact(x uint64, n uint8) (left int, sum, all uint64) {
	a := numbers(x)
	s := a[:n]
	for i := range a {
		a[i] &= 3
	}
	c := slices.Compact(s)
	return len(c), digest(c), digest(a[:])
}

//in:n 0..8
//in:i 0..9
//in:j 0..9
func Delete(x uint64, n uint8, i, j uint8) (left int, sum, all uint64) {
	a := numbers(x)
	s := a[:n]
	c := slices.Delete(s, int(i), int(j))
	return len(c), digest(c), digest(a[:])
}

//in:n 0..8
func Clip(x uint64, n uint8) (length, room int) {
	a := numbers(x)
	s := a[:n]
	c := slices.Clip(s)
	return len(c), cap(c)
}

type point struct{ x, y int8 }

func Points(x, y, i int8) (index int, same bool, first, last int8) {
	p := [3]point{{x, y}, {y, x}, {1, 2}}
	q := p
	slices.Reverse(q[:])
	index = slices.Index(p[:], point{i, x})
	return index, slices.Equal(p[:], q[:]), q[0].x, q[2].y
}

//in:v 0..40
func SearchTable(v uint32) (at int, found bool) { return slices.BinarySearch(table[:], v) }

var table = [13]uint32{1, 3, 4, 7, 8, 12, 13, 20, 21, 22, 30, 33, 38}

func LargeSort(x uint64) (sum uint64) {
	var a [40]uint32
	for i := range a {
		x = x*6364136223846793005 + 1442695040888963407
		a[i] = uint32(x >> 40)
	}
	slices.Sort(a[:])
	for _, v := range a {
		sum = sum*31 + uint64(v)
	}
	return sum
}

//in:n 0..20
func SortKept(x uint64, n uint8) (sum uint64) {
	for i := range kept {
		kept[i] = int8(x >> (2 * i))
	}
	slices.Sort(kept[:n])
	for _, v := range kept {
		sum = sum*31 + uint64(uint8(v))
	}
	return sum
}

var kept [20]int8
