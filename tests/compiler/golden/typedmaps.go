package bpf

import "tinybpf/ebpf"

type Link struct {
	Next *Link
}

type Options struct{ Seen ebpf.Hash[uint32, uint32] }

var noSize ebpf.Hash[uint32, uint64]

var address = ebpf.Hash[uint32, *uint32]{MaxEntries: 1}

var linked = ebpf.Array[Link]{MaxEntries: 1}

var text = ebpf.Hash[string, uint32]{MaxEntries: 1}

var set = ebpf.Hash[uint32, struct{}]{MaxEntries: 1}

var pinned = ebpf.Hash[uint32, uint32]{MaxEntries: 1, Pin: 7}

var inside Options

var several [2]ebpf.Hash[uint32, uint32]

var good = ebpf.Hash[uint32, uint32]{MaxEntries: 16}

//bpf:section xdp
func options(ctx *ebpf.XDP) ebpf.XDPAction {
	return ebpf.XDPAction(good.MaxEntries)
}

//bpf:section xdp
func local(ctx *ebpf.XDP) ebpf.XDPAction {
	var m ebpf.Hash[uint32, uint32]
	m.Delete(1)
	return ebpf.XDPPass
}

//bpf:section xdp
func assigned(ctx *ebpf.XDP) ebpf.XDPAction {
	good.MaxEntries = 17
	return ebpf.XDPPass
}
