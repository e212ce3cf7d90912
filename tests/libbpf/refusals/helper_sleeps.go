// Refused: a kprobe must not sleep.
package bpf

import (
	"tinybpf/ebpf"
	"unsafe"
)

//bpf:section kprobe/do_nanosleep
func reads(ctx ebpf.Context) int32 {
	var b byte
	ebpf.CopyFromUser(unsafe.Pointer(&b), 1, 4096)
	return int32(b)
}
