// A program that reads the kernel's memory, which takes CAP_PERFMON whatever its type.
package main

import "unsafe"

//go:extern bpf_probe_read_kernel
func bpfProbeReadKernel(to unsafe.Pointer, size uint32, from unsafe.Pointer) int64

//bpf:section xdp
//export look
func look(ctx unsafe.Pointer) int32 {
	var found uint64
	bpfProbeReadKernel(unsafe.Pointer(&found), 8, ctx)
	return 2
}
