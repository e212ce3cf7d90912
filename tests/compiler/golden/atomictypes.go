package main

import (
	"sync/atomic"
	"tinybpf/ebpf"
	"unsafe"
)

var small uint8

var any atomic.Value

var p atomic.Pointer[int32]

var flag atomic.Bool

//bpf:section xdp
func prog(ctx *ebpf.XDP) ebpf.XDPAction {
	atomic.AddUint8(&small, 1)
	atomic.AddUint32(&small, 1)
	atomic.StorePointer(nil, unsafe.Pointer(nil))
	return ebpf.XDPPass
}
