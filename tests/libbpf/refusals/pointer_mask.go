// Refused: an address is aligned by hand.
package bpf

import (
	"tinybpf/ebpf"
	"unsafe"
)

var values = ebpf.Array[uint64]{MaxEntries: 1}

//bpf:section tc
func moves(ctx *ebpf.SKB) ebpf.TCAction {
	v := values.Lookup(0)
	if v == nil {
		return ebpf.TCOK
	}
	p := (*uint64)(unsafe.Pointer(uintptr(unsafe.Pointer(v)) &^ 15))
	*p = 1
	return ebpf.TCOK
}
