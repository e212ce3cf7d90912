// Iterators over the kernel's tasks: one writes a line for each thread group, one its id as bytes.
package main

import "unsafe"

type meta struct {
	Seq uintptr
}

type context struct {
	Meta *meta
	Task unsafe.Pointer
}

//go:extern bpf_seq_write
func bpfSeqWrite(seq unsafe.Pointer, data unsafe.Pointer, size uint32) int64

//bpf:section iter/task
//export tasks
func tasks(ctx *context) int32 {
	line := [5]byte{'t', 'a', 's', 'k', '\n'}
	if ctx.Task == nil {
		line = [5]byte{'d', 'o', 'n', 'e', '\n'}
	}
	bpfSeqWrite(unsafe.Pointer(ctx.Meta.Seq), unsafe.Pointer(&line), 5)
	return 0
}
