package std_functions

import (
	"cmp"
	"iter"
	"slices"
)

// Functions of slices that take functions, and iterators.

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
//in:k -5..12
func Find(x uint64, n uint8, k int16) (index int, contains bool) {
	a := numbers(x)
	above := func(v int16) bool { return v > k }
	return slices.IndexFunc(a[:n], above), slices.ContainsFunc(a[:n], func(v int16) bool { return v == k })
}

//in:n 0..8
//in:m 0..8
func Pairs(x, y uint64, n, m uint8) (equal bool, order int) {
	a, b := numbers(x), numbers(y)
	equal = slices.EqualFunc(a[:n], b[:m], func(v, w int16) bool { return v&3 == w&3 })
	return equal, slices.CompareFunc(a[:n], b[:m], func(v, w int16) int { return cmp.Compare(v>>1, w>>1) })
}

//in:n 0..8
func Extremes(x uint64, n uint8) (least, greatest int16) {
	a := numbers(x)
	by := func(v, w int16) int { return cmp.Compare(v&6, w&6) }
	return slices.MinFunc(a[:n], by), slices.MaxFunc(a[:n], by)
}

type pair struct{ key, value int8 }

//in:n 0..6
func Sort(x uint64, n uint8) (sorted bool, sum uint64) {
	var a [6]pair
	for i := range a {
		a[i] = pair{int8(x >> (3 * i) & 3), int8(i)}
	}
	by := func(v, w pair) int { return int(v.key) - int(w.key) }
	sorted = slices.IsSortedFunc(a[:n], by)
	slices.SortStableFunc(a[:n], by)
	for _, p := range a {
		sum = sum<<8 | uint64(p.key<<3) | uint64(p.value)
	}
	return sorted, sum
}

//in:n 0..8
func Descending(x uint64, n uint8) uint64 {
	a := numbers(x)
	slices.SortFunc(a[:n], func(v, w int16) int { return cmp.Compare(w, v) })
	return digest(a[:])
}

var table = [...]pair{{1, 10}, {3, 30}, {3, 31}, {7, 70}, {9, 90}}

//in:v 0..10
func Search(v int8) (at int, found bool) {
	return slices.BinarySearchFunc(table[:], v, func(p pair, v int8) int { return cmp.Compare(p.key, v) })
}

//in:n 0..8
func Compact(x uint64, n uint8) (left int, sum uint64) {
	a := numbers(x)
	s := slices.CompactFunc(a[:n], func(v, w int16) bool { return v&2 == w&2 })
	return len(s), digest(a[:])
}

//in:n 0..8
//in:k 0..3
func Delete(x uint64, n uint8, k int16) (left int, sum uint64) {
	a := numbers(x)
	s := slices.DeleteFunc(a[:n], func(v int16) bool { return v&3 == k })
	return len(s), digest(a[:])
}

//in:n 0..8
func Iterate(x uint64, n uint8) (sum uint64) {
	a := numbers(x)
	for i, v := range slices.All(a[:n]) {
		if v == 7 {
			break
		}
		sum = sum*31 + uint64(i)<<8 + uint64(uint16(v))
	}
	for i, v := range slices.Backward(a[:n]) {
		if v == 6 {
			continue
		}
		sum = sum*31 + uint64(i)<<8 + uint64(uint16(v))
	}
	for v := range slices.Values(a[:n]) {
		sum ^= uint64(uint16(v))
	}
	return sum
}

// evens is an iterator over the even ones.
func evens(a []int16) iter.Seq[int16] {
	return func(yield func(int16) bool) {
		for _, v := range a {
			if v&1 == 0 && !yield(v) {
				return
			}
		}
	}
}

//in:n 0..8
func Own(x uint64, n uint8) (sum int64) {
	a := numbers(x)
	for v := range evens(a[:n]) {
		sum = sum*3 + int64(v)
	}
	return sum
}
