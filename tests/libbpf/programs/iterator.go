// Iterators over the kernel's tasks: a line with the name of each.
package main

import "unsafe"

type meta struct {
	Seq uintptr
}

type bpfCoreTaskStruct struct {
	Comm [16]byte
}

type context struct {
	Meta *meta
	Task *bpfCoreTaskStruct
}

//go:extern bpf_seq_write
func bpfSeqWrite(seq unsafe.Pointer, data unsafe.Pointer, size uint32) int64

//bpf:section iter/task
//export tasks
func tasks(ctx *context) int32 {
	line := [21]byte{'d', 'o', 'n', 'e', '\n'}
	n := uint32(5)
	if ctx.Task != nil {
		line = [21]byte{'t', 'a', 's', 'k'}
		n = 4
		for i := 0; i < 16 && ctx.Task.Comm[i] != 0; i++ {
			line[n] = ctx.Task.Comm[i]
			n++
		}
		line[n] = '\n'
		n++
	}
	bpfSeqWrite(unsafe.Pointer(ctx.Meta.Seq), unsafe.Pointer(&line), n)
	return 0
}
