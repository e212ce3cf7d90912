// Refused: a variable is passed for the context.
package bpf

import (
	"tinybpf/ebpf"
	"unsafe"
)

type other struct{ A, B, C, D uint32 }

//bpf:section tc
func wrong(ctx *ebpf.SKB) ebpf.TCAction {
	var o other
	ebpf.SkbPullData((*ebpf.SKB)(unsafe.Pointer(&o)), 4)
	return ebpf.TCOK
}
