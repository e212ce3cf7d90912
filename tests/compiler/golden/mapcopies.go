package main

import "tinybpf/ebpf"

var hits = ebpf.Hash[uint32, uint64]{MaxEntries: 16}

var other = ebpf.Hash[uint32, uint64]{MaxEntries: 16}

type tables struct {
	first, second ebpf.Hash[uint32, uint64]
}

var all tables

func use(m ebpf.Hash[uint32, uint64]) *uint64 { return m.Lookup(1) }

func choose(b bool) *ebpf.Hash[uint32, uint64] {
	if b {
		return &hits
	}
	return &other
}

//bpf:section xdp
func prog(ctx *ebpf.XDP) ebpf.XDPAction {
	local := hits
	hits = other
	use(hits)
	m := choose(ctx.IngressIfindex > 1)
	m.Update(1, 2)
	p := new(ebpf.Hash[uint32, uint64])
	p.Update(1, 2)
	_ = local
	return ebpf.XDPPass
}
