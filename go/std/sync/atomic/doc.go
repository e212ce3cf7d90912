//go:build bpf

// Package atomic is Go's package sync/atomic as programs in the kernel have it: the functions and
// types for integers, each call one atomic instruction. What the kernel has no instructions for,
// Value and Pointer[T], is not there.
//
// The compiler gives it to programs that import "sync/atomic"; for Go's own tools they import Go's.
package atomic
