package main

import "unsafe"

//export
//bpf:section xdp
func unnamed(ctx unsafe.Pointer) int32 { return 0 }

//export a b
//bpf:section xdp
func two(ctx unsafe.Pointer) int32 { return 0 }

//export 9lives
//bpf:section xdp
func digit(ctx unsafe.Pointer) int32 { return 0 }

//bpf:section xdp
//bpf:section tc
func twice(ctx unsafe.Pointer) int32 { return 0 }

//bpf:onpanic 1
//bpf:onpanic 2
//bpf:section xdp
func panics(ctx unsafe.Pointer) int32 { return 0 }

//bpf:section xdp
type notAFunction struct{}

//bpf:section xdp
var notAFunctionEither int32

//bpf:Section xdp
func capital(ctx unsafe.Pointer) int32 { return 0 }

//bpf: section xdp
func spaced(ctx unsafe.Pointer) int32 { return 0 }

//bpf:section "xdp"
func quoted(ctx unsafe.Pointer) int32 { return 0 }

//bpf:section kprobe/
func empty(ctx unsafe.Pointer) int32 { return 0 }

//bpf:section tracepoint/sched
func half(ctx unsafe.Pointer) int32 { return 0 }

//bpf:section XDP
func upper(ctx unsafe.Pointer) int32 { return 0 }

//bpf:section xdp foo
func more(ctx unsafe.Pointer) int32 { return 0 }

//bpf:section fentry
func nofunction(ctx unsafe.Pointer) int32 { return 0 }

//bpf:license GPL
//bpf:license MIT

//export variable
var variable int32
