package main

import "tinybpf/ebpf"

var size = 64

var computed = ebpf.Hash[uint32, uint64]{MaxEntries: uint32(size)}

var ring = ebpf.RingBuf[uint64]{MaxEntries: 1000}

var huge = ebpf.RingBuf[uint64]{MaxEntries: 1 << 31}

var noring ebpf.RingBuf[uint64]

var empty = ebpf.Array[uint64]{}

var trie = ebpf.LPMTrie[uint32, uint64]{}

var wide = ebpf.Hash[[600]byte, uint64]{MaxEntries: 1}

var values = ebpf.PerCPUArray[[40000]byte]{MaxEntries: 1}

var keys = ebpf.Hash[*uint32, uint64]{MaxEntries: 1}

var slices = ebpf.Array[[]byte]{MaxEntries: 1}

var functions = ebpf.Array[func()]{MaxEntries: 1}

var flags = ebpf.Hash[uint32, uint64]{MaxEntries: 1, Flags: 1 << 20}

//bpf:section xdp
func prog(ctx *ebpf.XDP) ebpf.XDPAction {
	return ebpf.XDPPass
}
