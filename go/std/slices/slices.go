//go:build bpf

// Package slices is Go's package slices as programs in the kernel have it: what looks into slices,
// and what changes their elements in place. What makes new ones is not there.
//
// The compiler gives it to programs that import "slices"; for Go's own tools they import Go's.
package slices

import "cmp"

// Equal tells whether two slices have the same elements.
func Equal[S ~[]E, E comparable](s1, s2 S) bool {
	if len(s1) != len(s2) {
		return false
	}
	for i := range s1 {
		if s1[i] != s2[i] {
			return false
		}
	}
	return true
}

// Compare is -1 where s1 sorts before s2, 1 where it sorts behind, else 0.
func Compare[S ~[]E, E cmp.Ordered](s1, s2 S) int {
	for i, v := range s1 {
		if i >= len(s2) {
			return 1
		}
		if c := cmp.Compare(v, s2[i]); c != 0 {
			return c
		}
	}
	if len(s1) < len(s2) {
		return -1
	}
	return 0
}

// Index is where v first stands in s; -1 where it does not.
func Index[S ~[]E, E comparable](s S, v E) int {
	for i := range s {
		if s[i] == v {
			return i
		}
	}
	return -1
}

// Contains tells whether v stands in s.
func Contains[S ~[]E, E comparable](s S, v E) bool { return Index(s, v) >= 0 }

// Max is the largest element; it panics where there is none.
func Max[S ~[]E, E cmp.Ordered](x S) E {
	most := x[0]
	for _, v := range x {
		most = max(most, v)
	}
	return most
}

// Min is the smallest element; it panics where there is none.
func Min[S ~[]E, E cmp.Ordered](x S) E {
	least := x[0]
	for _, v := range x {
		least = min(least, v)
	}
	return least
}

// Reverse puts the elements in the opposite order.
func Reverse[S ~[]E, E any](s S) {
	for i := range len(s) / 2 {
		j := len(s) - 1 - i
		s[i], s[j] = s[j], s[i]
	}
}

// IsSorted tells whether no element is less than the one before it.
func IsSorted[S ~[]E, E cmp.Ordered](x S) bool {
	for i := 1; i < len(x); i++ {
		if x[i] < x[i-1] {
			return false
		}
	}
	return true
}

// Sort puts the elements in ascending order. Its work grows with the square of their number, and so
// does the verifier's: it is for a few dozen elements.
//
// Which steps it takes does not depend on the elements: the verifier would follow each way through.
func Sort[S ~[]E, E cmp.Ordered](x S) {
	for i := 1; i < len(x); i++ {
		for j := i; j > 0; j-- {
			x[j-1], x[j] = min(x[j-1], x[j]), max(x[j-1], x[j])
		}
	}
}

// halvings are enough to search any slice that there can be.
const halvings = 32

// BinarySearch is where target stands in a sorted slice, or where it would have to be put, and
// whether it is there.
func BinarySearch[S ~[]E, E cmp.Ordered](x S, target E) (int, bool) {
	low, high := 0, len(x)
	for range halvings {
		if low >= high {
			break
		}
		if middle := int(uint(low+high) / 2); x[middle] < target {
			low = middle + 1
		} else {
			high = middle
		}
	}
	return low, low < len(x) && x[low] == target
}

// Compact leaves one element of each run of equal ones and clears what is left over.
func Compact[S ~[]E, E comparable](s S) S {
	if len(s) < 2 {
		return s
	}
	kept := 1
	for i := 1; i < len(s); i++ {
		if s[i] != s[i-1] {
			if i != kept {
				s[kept] = s[i]
			}
			kept++
		}
	}
	clear(s[kept:])
	return s[:kept]
}

// Delete takes out the elements from i to j and clears what is left over at the end.
func Delete[S ~[]E, E any](s S, i, j int) S {
	_ = s[i:j:len(s)]
	kept := i + copy(s[i:], s[j:])
	clear(s[kept:])
	return s[:kept]
}

// Clip is the slice without room behind its last element.
func Clip[S ~[]E, E any](s S) S { return s[:len(s):len(s)] }
