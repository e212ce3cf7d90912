//bpf:license

package main

import "unsafe"

//export a
//bpf:section xdp
func a(ctx unsafe.Pointer) int32 { return 0 }
