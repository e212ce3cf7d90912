package main

import "unsafe"

//export nowhere
func nowhere(ctx unsafe.Pointer) int32 { return 0 }

//export misspelt
//bpf:section tracepint/syscalls/sys_enter_openat
func misspelt(ctx unsafe.Pointer) int32 { return 0 }

//export unknown
//bpf:section quux
func unknown(ctx unsafe.Pointer) int32 { return 0 }

//export empty
//bpf:section
func empty(ctx unsafe.Pointer) int32 { return 0 }

//export quoted
//bpf:section raw_tp/"sys_enter"
func quoted(ctx unsafe.Pointer) int32 { return 0 }
