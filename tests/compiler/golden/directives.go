//bpf:licence GPL
package main

import "unsafe"

//bpf:section xdp
func notExported(ctx unsafe.Pointer) int32 { return 0 }

//export a
//bpf:sektion xdp
//bpf:section xdp
func a(ctx unsafe.Pointer) int32 { return 0 }

//export b
//bpf:section xdp
//bpf:onpanic drop
func b(ctx unsafe.Pointer) int32 { return 0 }

//export c
//bpf:section cgroup/connect4
//bpf:onpanic 7
func c(ctx unsafe.Pointer) int32 { return 0 }

//export d
//bpf:section xdp
//bpf:onpanic
func d(ctx unsafe.Pointer) int32 { return 0 }

//export e
//bpf:section xdp
//bpf:onpanic 99999999999
func e(ctx unsafe.Pointer) int32 { return 0 }

//bpf:onpanic 1
var stray int32
