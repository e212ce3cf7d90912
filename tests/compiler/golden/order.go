package main

import "unsafe"

type pair struct{ a, b int32 }

type counter struct {
	sum, pos int32
	last     pair
}

var g int32
var flag bool

func bump() int32          { g++; return g }
func set() bool            { flag = true; return g > 3 }
func clear(p *int32) int32 { *p = 0; return 1 }
func add(xs ...int32) int32 {
	return xs[0] + xs[1]
}
func both(a, b bool) bool { return a == b }

func (c *counter) next() int32 {
	c.pos++
	c.last.a = c.pos
	return c.pos
}

//go:extern bpf_probe_read_kernel
func read(to unsafe.Pointer, size uint32, from unsafe.Pointer) int64

func results() (int32, int32) {
	return g, bump()
}

type bpfMapDef struct{ Type, KeySize, ValueSize, MaxEntries, MapFlags uint32 }

var hits = bpfMapDef{Type: 2, KeySize: 4, ValueSize: 4, MaxEntries: 1}
var misses = bpfMapDef{Type: 2, KeySize: 4, ValueSize: 4, MaxEntries: 1}

//go:extern bpf_map_lookup_elem
func lookup(m, key unsafe.Pointer) unsafe.Pointer

func hit() int32 {
	key := uint32(0)
	p := (*int32)(lookup(unsafe.Pointer(&hits), unsafe.Pointer(&key)))
	*p++
	return *p
}

func missed() *int32 {
	key := uint32(0)
	return (*int32)(lookup(unsafe.Pointer(&misses), unsafe.Pointer(&key)))
}

func stood() *int32 {
	key := uint32(0)
	return (*int32)(lookup(unsafe.Pointer(&hits), unsafe.Pointer(&key)))
}

//export prog
//bpf:section syscall
func prog(ctx unsafe.Pointer) int32 {
	x := int32(1)
	n := g + bump()
	n += x + clear(&x)
	n += (g*2 + 1) * bump()
	n += add(g, bump())
	var list [4]int32
	list[g&3] = bump()
	p := pair{g, bump()}
	var c counter
	n += c.pos + c.next()
	n += c.last.a + c.next()
	if both(flag, n > 3 && set()) {
		return p.a
	}
	var wide int64
	wide = wide + read(unsafe.Pointer(&wide), 8, ctx)
	n += *stood() + hit()
	a, b := results()
	return a + b + int32(wide)
}

//export fine
//bpf:section syscall
func fine(ctx unsafe.Pointer) int32 {
	n := bump() + bump()*2
	n = bump() + g
	x := g
	n += x + bump()
	n += bump()
	var c counter
	for i := range g {
		c.sum += c.next() + i
		c.sum = c.sum + c.next()
		c.last.b = c.last.b + c.next()
	}
	n += *missed() + hit()
	if flag && set() {
		n++
	}
	return n + clear(&x)
}
