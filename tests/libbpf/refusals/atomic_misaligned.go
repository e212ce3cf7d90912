// Refused: an atomic operation needs an aligned address.
package bpf

import (
	"sync/atomic"
	"tinybpf/ebpf"
	"unsafe"
)

var values = ebpf.Array[[4]uint64]{MaxEntries: 1}

//bpf:section tc
func odd(ctx *ebpf.SKB) ebpf.TCAction {
	v := values.Lookup(0)
	if v == nil {
		return ebpf.TCOK
	}
	atomic.AddUint64((*uint64)(unsafe.Add(unsafe.Pointer(v), 4)), 1)
	return ebpf.TCOK
}
