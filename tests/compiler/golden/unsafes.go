package main

import (
	"tinybpf/ebpf"
	"unsafe"
)

type header struct{ kind, length uint16 }

var saved uintptr

var view []byte

//bpf:section xdp
func prog(ctx *ebpf.XDP) ebpf.XDPAction {
	var h header
	n := int(ctx.IngressIfindex)
	saved = uintptr(unsafe.Pointer(&h))
	view = unsafe.Slice((*byte)(unsafe.Pointer(&h)), 4)
	p := unsafe.Add(unsafe.Pointer(ctx), n)
	q := (*uint32)(unsafe.Pointer(uintptr(unsafe.Pointer(ctx)) + uintptr(n)))
	return ebpf.XDPAction(*q + *(*uint32)(p) + uint32(h.kind))
}
