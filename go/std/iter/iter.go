//go:build bpf

// Package iter is Go's package iter as programs in the kernel have it: the types of iterators. Pull,
// which needs a goroutine, is not there.
//
// The compiler gives it to programs that import "iter"; for Go's own tools they import Go's.
package iter

// Seq is an iterator over values: it calls yield with each until that gives false.
type Seq[V any] func(yield func(V) bool)

// Seq2 is an iterator over pairs: it calls yield with each until that gives false.
type Seq2[K, V any] func(yield func(K, V) bool)
