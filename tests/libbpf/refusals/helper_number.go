// Refused: a number is passed where memory is asked for.
package bpf

import (
	"tinybpf/ebpf"
	"unsafe"
)

//bpf:section xdp
func wrong(ctx *ebpf.XDP) ebpf.XDPAction {
	ebpf.GetCurrentComm(unsafe.Pointer(uintptr(ebpf.KtimeGetNs())), 16)
	return ebpf.XDPPass
}
