package main

import (
	"sync/atomic"
	"tinybpf/ebpf"
	"unsafe"
)

var bytes [16]byte

//bpf:section xdp
func prog(ctx *ebpf.XDP) ebpf.XDPAction {
	var local uint64
	atomic.AddUint64(&local, 1)
	atomic.AddUint32((*uint32)(unsafe.Pointer(&bytes[1])), 1)
	atomic.AddUint32((*uint32)(unsafe.Pointer(ctx)), 1)
	return ebpf.XDPAction(local)
}
