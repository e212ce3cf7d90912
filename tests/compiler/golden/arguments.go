package main

import (
	"tinybpf/ebpf"
	"unsafe"
)

type key struct{ a, b uint32 }

var hits = ebpf.Hash[key, uint64]{MaxEntries: 1}

//go:extern bpf_map_lookup_elem
func lookup(m unsafe.Pointer, k key) unsafe.Pointer

//go:extern bpf_get_current_pid_tgid
func both() (uint32, uint32)

//go:extern bpf_ktime_get_ns
func now() float64

//go:extern bpf_get_current_comm
func comm(to []byte, size uint32) int64

//go:extern bpf_probe_read_kernel
func read(to string, size uint32, from unsafe.Pointer) int64

//bpf:section xdp
func prog(ctx *ebpf.XDP) ebpf.XDPAction {
	lookup(unsafe.Pointer(&hits), key{1, 2})
	pid, _ := both()
	t := now()
	var name [16]byte
	comm(name[:], 16)
	read("x", 1, unsafe.Pointer(ctx))
	return ebpf.XDPAction(pid + uint32(t))
}
