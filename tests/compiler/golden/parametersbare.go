package main

import "unsafe"

type bpfCoreTaskStruct struct{ Pid int32 }

type plain struct{ Pid int32 }

//bpf:section kretprobe/do_sys_openat2
//export returned
func returned(dfd int32, ret int64) int32 { return 0 }

//bpf:section kprobe/do_sys_openat2
//export first
func first(ctx unsafe.Pointer, dfd int32) int32 { return 0 }

//bpf:section tp_btf/sched_switch
//export followed
func followed(preempt bool, prev *bpfCoreTaskStruct, next *plain) int32 { return prev.Pid + next.Pid }

//bpf:section uprobe//usr/bin/true:main
//export text
func text(argc int32, argv []string) int32 { return 0 }

//bpf:section ksyscall/write
//export nothing
func nothing(fd uint32, buffer unsafe.Pointer, count uintptr) {}

//bpf:section fentry/do_unlinkat
//export ctx
func ctx(registers *plain, n *plain) int32 { return 0 }
