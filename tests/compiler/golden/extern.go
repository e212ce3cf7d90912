package main

import "unsafe"

type bpfCoreTaskStruct struct{ Pid int32 }

//go:extern __bpf_core_task_struct
var _coreTaskStruct bpfCoreTaskStruct

//go:extern other
var other int32

//export prog
//bpf:section syscall
func prog(ctx unsafe.Pointer) int32 {
	return _coreTaskStruct.Pid + other
}
