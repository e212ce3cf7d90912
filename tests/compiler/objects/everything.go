// Several programs of several types, several maps, variables of each kind, and names that C does not have.
package main

import "unsafe"

type bpfMapDef struct {
	Type, KeySize, ValueSize, MaxEntries, MapFlags, Pinning uint32
}

type kind uint8

type Größe struct {
	Länge uint32
	_     [4]byte
	Name  [16]byte
	On    bool
	Delta int16
	Kind  kind
}

type Pair[K, V any] struct {
	First  K
	Second V
}

// Event is only ever a local variable.
type Event struct {
	PID  uint32
	Port uint16
}

// Report is what a reservation is taken for.
type Report struct {
	Count int64
}

type prefix struct {
	bits uint32
	addr [4]byte
}

const hash, array, perfArray, lpmTrie, lruHash, perCPUArray, ringbuf = 1, 2, 4, 11, 9, 6, 27

var (
	counts    = bpfMapDef{Type: hash, KeySize: 4, ValueSize: 8, MaxEntries: 1 << 20, MapFlags: 1}
	events    = bpfMapDef{Type: ringbuf, MaxEntries: 1 << 30}
	reports   = bpfMapDef{Type: ringbuf, MaxEntries: 4096}
	perf      = bpfMapDef{Type: perfArray, KeySize: 4, ValueSize: 4}
	sizes     = bpfMapDef{Type: array, KeySize: 4, ValueSize: uint32(unsafe.Sizeof(Größe{})), MaxEntries: 4, Pinning: 1}
	unusedMap = bpfMapDef{Type: perCPUArray, KeySize: 4, ValueSize: 8, MaxEntries: 1}
	pairs     = bpfMapDef{Type: hash, KeySize: 16, ValueSize: 4, MaxEntries: 1}
	locals    = bpfMapDef{Type: lruHash, KeySize: 4, ValueSize: 8, MaxEntries: 16}
	others    = bpfMapDef{Type: lruHash, KeySize: 4, ValueSize: 16, MaxEntries: 16}
	routes    = bpfMapDef{Type: lpmTrie, KeySize: 8, ValueSize: 4, MaxEntries: 16, MapFlags: 1}
	mixed     = bpfMapDef{Type: hash, KeySize: 4, ValueSize: 8, MaxEntries: 1}
)

var zero uint64
var limit uint32 = 7
var table = [3]int32{1, -2, 3}
var written int64 = -5
var unusedVar = int16(-2)
var flag = true
var üß uint32
var pairVar Pair[uint32, int8]
var computed = squares()

func squares() (a [4]uint16) {
	for i := range a {
		a[i] = uint16(i * i)
	}
	return a
}

//go:extern bpf_map_lookup_elem
func lookup(m, k unsafe.Pointer) unsafe.Pointer

//go:extern bpf_map_update_elem
func update(m, k, v unsafe.Pointer, f uint64) int64

//go:extern bpf_ringbuf_output
func output(m, d unsafe.Pointer, n, f uint64) int64

//go:extern bpf_ringbuf_reserve
func reserve(m unsafe.Pointer, n, f uint64) unsafe.Pointer

//go:extern bpf_ringbuf_submit
func submit(d unsafe.Pointer, f uint64)

//go:extern bpf_perf_event_output
func perfOutput(ctx, m unsafe.Pointer, f uint64, d unsafe.Pointer, n uint64) int64

//go:noinline
func larger[T int32 | uint64](a, b T) T {
	if a > b {
		return a
	}
	return b
}

//go:noinline
func (p Pair[K, V]) swap(n uint32) uint32 { return n * 3 }

//go:noinline
func (g *Größe) größer() bool { return g.Länge > limit }

//go:noinline
func add(a uint32, b uint64) uint64 { return uint64(a) + b }

func one(k uint32) {
	type local struct{ a uint64 }
	l := local{1}
	update(unsafe.Pointer(&locals), unsafe.Pointer(&k), unsafe.Pointer(&l), 0)
}

func two(k uint32) {
	type local struct{ a, b uint64 }
	l := local{1, 2}
	update(unsafe.Pointer(&others), unsafe.Pointer(&k), unsafe.Pointer(&l), 0)
}

//export trace
//bpf:section tracepoint/syscalls/sys_enter_connect
func trace(ctx unsafe.Pointer) int32 {
	k := uint32(1)
	g := (*Größe)(lookup(unsafe.Pointer(&sizes), unsafe.Pointer(&k)))
	if g != nil && g.größer() {
		g.Länge++
	}
	v := add(k, zero)
	update(unsafe.Pointer(&counts), unsafe.Pointer(&k), unsafe.Pointer(&v), 0)
	var bytes [8]byte
	update(unsafe.Pointer(&mixed), unsafe.Pointer(&k), unsafe.Pointer(&v), 0)
	update(unsafe.Pointer(&mixed), unsafe.Pointer(&k), unsafe.Pointer(&bytes), 0)
	e := Event{PID: 3, Port: 7}
	output(unsafe.Pointer(&events), unsafe.Pointer(&e), uint64(unsafe.Sizeof(e)), 0)
	perfOutput(ctx, unsafe.Pointer(&perf), 0xffffffff, unsafe.Pointer(&e), uint64(unsafe.Sizeof(e)))
	if r := (*Report)(reserve(unsafe.Pointer(&reports), uint64(unsafe.Sizeof(Report{})), 0)); r != nil {
		r.Count = int64(larger(v, zero))
		submit(unsafe.Pointer(r), 0)
	}
	p := Pair[int32, [12]byte]{First: 3}
	update(unsafe.Pointer(&pairs), unsafe.Pointer(&p), unsafe.Pointer(&k), 0)
	r := prefix{bits: 32}
	lookup(unsafe.Pointer(&routes), unsafe.Pointer(&r))
	written += int64(larger(int32(v), table[k%3]))
	üß += uint32(computed[k&3])
	if flag {
		pairVar.First++
	}
	one(k)
	two(k)
	return 0
}

//export drop
//bpf:section xdp
func drop(ctx unsafe.Pointer) int32 {
	var p Pair[uint32, bool]
	return int32(p.swap(uint32(zero)))&1 + 1
}

//export allow
//bpf:section cgroup/connect4
func allow(ctx unsafe.Pointer) bool { return zero < 5 }
