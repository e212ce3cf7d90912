// Refused: the context has no such field.
package bpf

import (
	"tinybpf/ebpf"
	"unsafe"
)

//bpf:section xdp
func reads(ctx *ebpf.XDP) ebpf.XDPAction {
	p := (*uint32)(unsafe.Add(unsafe.Pointer(ctx), 128))
	return ebpf.XDPAction(*p)
}
