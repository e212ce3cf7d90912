package main

import (
	"tinybpf/ebpf"
	"unsafe"
)

type node struct {
	next *node
	n    int32
}

type event struct{ at uint64 }

type box struct{ p *int32 }

func (b *box) keep(p *int32) { b.p = p }

func (b *box) through(p *int32) { b.keep(p) }

var head *node

var held box

var events = ebpf.RingBuf[event]{MaxEntries: 4096}

var addresses = ebpf.Array[uint64]{MaxEntries: 1}

func literal() *node { return &node{n: 1} }

func fresh() *int32 { return new(int32) }

func element(n int32) *int32 { a := [4]int32{n}; return &a[2] }

func field(n int32) *int32 { v := node{n: n}; return &v.n }

func captured() (p *int32) {
	n := int32(3)
	set := func() { p = &n }
	set()
	return
}

//bpf:section xdp
func prog(ctx *ebpf.XDP) ebpf.XDPAction {
	n := int32(ctx.IngressIfindex)
	held.through(&n)
	head = &node{n: n}
	if v := addresses.Lookup(0); v != nil {
		*v = uint64(uintptr(unsafe.Pointer(&n)))
	}
	e := events.Reserve()
	if e != nil {
		e.at = uint64(uintptr(unsafe.Pointer(&n)))
		events.Submit(e)
	}
	var outer []*int32
	var kept [2]*int32
	outer = kept[:]
	for i := range outer {
		inner := int32(i)
		outer[i] = &inner
	}
	return ebpf.XDPAction(*literal().next.next.nOf() + *fresh() + *element(1) + *field(2) + *captured())
}

func (n *node) nOf() *int32 { return &n.n }
