// Package ebpf is what Go programs for the Linux kernel are written with: maps, events, packets,
// contexts and the kernel's helper functions.
//
//	package bpf
//
//	import "tinybpf/ebpf"
//
//	var opened = ebpf.Hash[uint32, uint64]{MaxEntries: 1024}
//
//	//bpf:section tracepoint/syscalls/sys_enter_openat
//	func countOpens(ctx *ebpf.SysEnter) int32 {
//		if n := opened.LookupOrZero(ebpf.PID()); n != nil {
//			atomic.AddUint64(n, 1)
//		}
//		return 0
//	}
//
// A program is a function with the line //bpf:section SECTION above it. It takes a pointer to
// its context and returns one integer. What the directives, the language and a panic mean is in
// the documents docs/go.md and docs/panics.md; the package by example in docs/ebpf.md.
//
// # In the kernel and out of it
//
// tinybpf compiles programs that use the package for the kernel. For go build, go vet, gopls and
// go test the same package has a native implementation: maps are in memory and keep to the
// kernel's rules, helpers give what package ebpftest sets. No root and no kernel is needed.
//
// # Pointers into maps
//
// Lookup gives a pointer to the value in the map, or nil where there is none. The value is shared
// with user space and with programs on other CPUs: change it with sync/atomic, under a SpinLock,
// or in a per-CPU map.
package ebpf
