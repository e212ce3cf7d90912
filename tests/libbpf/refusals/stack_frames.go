// Refused: three functions that are active at once take too much together.
package bpf

import "tinybpf/ebpf"

//go:noinline
func inner(x uint64) uint64 {
	var a [31]uint64
	for i := range a {
		a[i] = x * uint64(i)
	}
	return a[x&15] + a[x>>60]
}

//go:noinline
func outer(x uint64) uint64 {
	var a [31]uint64
	for i := range a {
		a[i] = x + uint64(i)
	}
	return a[x&15] + inner(x)
}

//bpf:section tc
func deep(ctx *ebpf.SKB) ebpf.TCAction {
	x := ebpf.KtimeGetNs()
	return ebpf.TCAction(outer(x))
}
