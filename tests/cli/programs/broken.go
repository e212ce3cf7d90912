// Two programs, of which one cannot be attached.
package main

import "unsafe"

//bpf:section tracepoint/syscalls/sys_enter_getpgid
//export first
func first(ctx unsafe.Pointer) int32 { return 0 }

//bpf:section tracepoint/syscalls/sys_enter_getpgidd
//export second
func second(ctx unsafe.Pointer) int32 { return 0 }

func main() {}
