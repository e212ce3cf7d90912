package main

import "unsafe"

//export two
//bpf:section syscall
func two(ctx unsafe.Pointer, n int32) int32 { return 0 }

//export number
//bpf:section syscall
func number(n int32) int32 { return 0 }

//export nothing
//bpf:section syscall
func nothing(ctx unsafe.Pointer) {}

//export results
//bpf:section syscall
func results(ctx unsafe.Pointer) (int32, int32) { return 0, 1 }

//export address
//bpf:section syscall
func address(ctx unsafe.Pointer) *int32 { return nil }

type program struct{}

//export method
//bpf:section syscall
func (p *program) method() int32 { return 0 }

//export bodiless
//bpf:section syscall
//go:extern bpf_ktime_get_ns
func bodiless() uint64
