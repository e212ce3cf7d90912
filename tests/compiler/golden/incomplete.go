package main

import "unsafe"

//bpf:section kprobe/
func nofunction(ctx unsafe.Pointer) int32 { return 0 }

//bpf:section tracepoint/sched
func half(ctx unsafe.Pointer) int32 { return 0 }

//bpf:section iter/
func iterator(ctx unsafe.Pointer) int32 { return 0 }

//bpf:section tracepoint/
func none(ctx unsafe.Pointer) int32 { return 0 }

//bpf:section krpobe/do_exit
func swapped(ctx unsafe.Pointer) int32 { return 0 }

//bpf:section cgroup/conect4
func cgroup(ctx unsafe.Pointer) int32 { return 0 }
