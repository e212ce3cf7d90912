package main

import "unsafe"

type bpfCoreTaskStruct struct {
	Pid  int32
	Tgid int32
}

//go:extern bpf_probe_read_kernel
func readKernel(to unsafe.Pointer, size uint32, from unsafe.Pointer) int64

//go:extern bpf_get_current_task_btf
func current() unsafe.Pointer

//export prog
//bpf:section syscall
func prog(ctx unsafe.Pointer) int32 {
	var copied bpfCoreTaskStruct
	task := current()
	readKernel(unsafe.Pointer(&copied), 4, task)
	p := &copied
	if copied.Pid > 3 {
		p = (*bpfCoreTaskStruct)(task)
	}
	return p.Tgid
}
