//go:build bpf

package slices

import "iter"

// What takes functions and gives iterators. The functions are those that the compiler knows.

// IndexFunc is where the first element stands of which f is true; -1 where there is none.
func IndexFunc[S ~[]E, E any](s S, f func(E) bool) int {
	for i := range s {
		if f(s[i]) {
			return i
		}
	}
	return -1
}

// ContainsFunc tells whether f is true of an element.
func ContainsFunc[S ~[]E, E any](s S, f func(E) bool) bool { return IndexFunc(s, f) >= 0 }

// EqualFunc tells whether two slices are as long as each other, and eq is true of each pair.
func EqualFunc[S1 ~[]E1, S2 ~[]E2, E1, E2 any](s1 S1, s2 S2, eq func(E1, E2) bool) bool {
	if len(s1) != len(s2) {
		return false
	}
	for i, v := range s1 {
		if !eq(v, s2[i]) {
			return false
		}
	}
	return true
}

// CompareFunc compares two slices by what cmp says of the first pair that differs.
func CompareFunc[S1 ~[]E1, S2 ~[]E2, E1, E2 any](s1 S1, s2 S2, cmp func(E1, E2) int) int {
	for i, v := range s1 {
		if i >= len(s2) {
			return 1
		}
		if c := cmp(v, s2[i]); c != 0 {
			return c
		}
	}
	if len(s1) < len(s2) {
		return -1
	}
	return 0
}

// MaxFunc is the first of the largest elements; it panics where there is none.
func MaxFunc[S ~[]E, E any](x S, cmp func(a, b E) int) E {
	most := x[0]
	for i := 1; i < len(x); i++ {
		if cmp(x[i], most) > 0 {
			most = x[i]
		}
	}
	return most
}

// MinFunc is the first of the smallest elements; it panics where there is none.
func MinFunc[S ~[]E, E any](x S, cmp func(a, b E) int) E {
	least := x[0]
	for i := 1; i < len(x); i++ {
		if cmp(x[i], least) < 0 {
			least = x[i]
		}
	}
	return least
}

// IsSortedFunc tells whether cmp puts no element before the one that stands before it.
func IsSortedFunc[S ~[]E, E any](x S, cmp func(a, b E) int) bool {
	for i := 1; i < len(x); i++ {
		if cmp(x[i], x[i-1]) < 0 {
			return false
		}
	}
	return true
}

// SortFunc puts the elements in the order of cmp, those that are equal as they stood; for a few dozen,
// as Sort is.
func SortFunc[S ~[]E, E any](x S, cmp func(a, b E) int) {
	for i := 1; i < len(x); i++ {
		for j := i; j > 0; j-- {
			before, after := x[j-1], x[j]
			if cmp(after, before) < 0 {
				before, after = after, before
			}
			x[j-1], x[j] = before, after
		}
	}
}

// SortStableFunc is SortFunc.
func SortStableFunc[S ~[]E, E any](x S, cmp func(a, b E) int) { SortFunc(x, cmp) }

// BinarySearchFunc is where the first element stands that is not before target, by cmp, and whether
// that one is equal to it.
func BinarySearchFunc[S ~[]E, E, T any](x S, target T, cmp func(E, T) int) (int, bool) {
	low, high := 0, len(x)
	for range halvings {
		if low >= high {
			break
		}
		if middle := int(uint(low+high) / 2); cmp(x[middle], target) < 0 {
			low = middle + 1
		} else {
			high = middle
		}
	}
	return low, low < len(x) && cmp(x[low], target) == 0
}

// CompactFunc takes out the elements that eq finds equal to the one before them, and clears what is left over.
func CompactFunc[S ~[]E, E any](s S, eq func(E, E) bool) S {
	if len(s) < 2 {
		return s
	}
	kept := 1
	for i := 1; i < len(s); i++ {
		if !eq(s[i], s[i-1]) {
			s[kept] = s[i]
			kept++
		}
	}
	clear(s[kept:])
	return s[:kept]
}

// DeleteFunc takes out the elements of which del is true and clears what is left over at the end.
func DeleteFunc[S ~[]E, E any](s S, del func(E) bool) S {
	kept := 0
	for _, v := range s {
		if !del(v) {
			s[kept] = v
			kept++
		}
	}
	clear(s[kept:])
	return s[:kept]
}

// All goes over indexes and elements.
func All[Slice ~[]E, E any](s Slice) iter.Seq2[int, E] {
	return func(yield func(int, E) bool) {
		for i, v := range s {
			if !yield(i, v) {
				return
			}
		}
	}
}

// Backward goes over indexes and elements, the last ones first.
func Backward[Slice ~[]E, E any](s Slice) iter.Seq2[int, E] {
	return func(yield func(int, E) bool) {
		for i := len(s) - 1; i >= 0; i-- {
			if !yield(i, s[i]) {
				return
			}
		}
	}
}

// Values goes over the elements.
func Values[Slice ~[]E, E any](s Slice) iter.Seq[E] {
	return func(yield func(E) bool) {
		for _, v := range s {
			if !yield(v) {
				return
			}
		}
	}
}
