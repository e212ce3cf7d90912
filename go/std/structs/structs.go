//go:build bpf

// Package structs is Go's package structs as programs in the kernel have it: all of it.
//
// The compiler gives it to programs that import "structs"; for Go's own tools they import Go's.
package structs

// HostLayout as the type of a blank field says that a struct has C's layout, which all have here.
type HostLayout struct {
	_ hostLayout
}

type hostLayout struct{}
