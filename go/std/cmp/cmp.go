//go:build bpf

// Package cmp is Go's package cmp as programs in the kernel have it: all of it, for integers and
// strings, as there are no floating-point numbers.
//
// The compiler gives it to programs that import "cmp"; for Go's own tools they import Go's.
package cmp

// Ordered is what can be compared with < and its kin.
type Ordered interface {
	~int | ~int8 | ~int16 | ~int32 | ~int64 |
		~uint | ~uint8 | ~uint16 | ~uint32 | ~uint64 | ~uintptr |
		~float32 | ~float64 |
		~string
}

// Less tells whether x is less than y.
func Less[T Ordered](x, y T) bool { return x < y }

// Compare is -1 where x is less than y, 1 where it is greater, else 0.
func Compare[T Ordered](x, y T) int {
	if x < y {
		return -1
	}
	if x > y {
		return 1
	}
	return 0
}

// Or is the first of its arguments that is not zero; the zero value where there is none.
func Or[T comparable](vals ...T) T {
	var zero T
	for _, v := range vals {
		if v != zero {
			return v
		}
	}
	return zero
}
