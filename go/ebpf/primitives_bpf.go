//go:build bpf

package ebpf

import "unsafe"

// What the package is made of in the kernel: helpers by their names, and what the compiler makes
// by itself (//bpf:builtin).

type mapState struct{}

// use gives the map to helpers; natively it makes it first.

func (m *hash[K, V, As]) use() *mapState    { return &m.state }
func (m *array[V, As]) use() *mapState      { return &m.state }
func (m *LPMTrie[A, V]) use() *mapState     { return &m.state }
func (m *queue[V, As]) use() *mapState      { return &m.state }
func (m *ProgArray) use() *mapState         { return &m.state }
func (m *RingBuf[T]) use() *mapState        { return &m.state }
func (m *PerfEventArray[T]) use() *mapState { return &m.state }

//go:extern bpf_map_lookup_elem
func mapLookup(m *mapState, key unsafe.Pointer) unsafe.Pointer

//go:extern bpf_map_update_elem
func mapUpdate(m *mapState, key, value unsafe.Pointer, flags uint64) int64

//go:extern bpf_map_delete_elem
func mapDelete(m *mapState, key unsafe.Pointer) int64

//go:extern bpf_map_push_elem
func mapPush(m *mapState, value unsafe.Pointer, flags uint64) int64

//go:extern bpf_map_pop_elem
func mapPop(m *mapState, value unsafe.Pointer) int64

//go:extern bpf_map_peek_elem
func mapPeek(m *mapState, value unsafe.Pointer) int64

//go:extern bpf_tail_call
func tailCall(ctx Context, m *mapState, index uint32) int64

//go:extern bpf_ringbuf_output
func ringbufOutput(m *mapState, record unsafe.Pointer, size, flags uint64) int64

//go:extern bpf_ringbuf_reserve
func ringbufReserve(m *mapState, size, flags uint64) unsafe.Pointer

//go:extern bpf_ringbuf_submit
func ringbufSubmit(record unsafe.Pointer, flags uint64)

//go:extern bpf_ringbuf_discard
func ringbufDiscard(record unsafe.Pointer, flags uint64)

//go:extern bpf_ringbuf_query
func ringbufQuery(m *mapState, flags uint64) uint64

//go:extern bpf_perf_event_output
func perfEventOutput(ctx Context, m *mapState, flags uint64, record unsafe.Pointer, size uint64) int64

//go:extern bpf_spin_lock
func spinLock(l *SpinLock)

//go:extern bpf_spin_unlock
func spinUnlock(l *SpinLock)

// countLost adds one to the number of records that the map lost.
//
//bpf:builtin count_lost
func countLost(m *mapState)

// zeros is the address of size zero bytes that nobody writes.
//
//bpf:builtin zeros
func zeros(size uintptr) unsafe.Pointer

// packetAt is the address of size bytes at offset in the packet, nil where they reach past its end.
// data and dataEnd are where the context has the packet's beginning and its end.
//
//bpf:builtin packet_at
func packetAt(ctx unsafe.Pointer, data, dataEnd uintptr, offset, size uint32) unsafe.Pointer

// contextAddress is where the context is: what the kernel's helpers for copying read from.
//
//bpf:builtin context_address
func contextAddress(ctx Context, offset uint32) uint64

func loop(n uint32, body func(i uint32) bool) uint32

func forEach[K comparable, V any](m *mapState, body func(key *K, value *V) bool) {}

func printk(format string, args ...any)

func (ctx *XDP) at(offset, size uint32) unsafe.Pointer {
	return packetAt(unsafe.Pointer(ctx), unsafe.Offsetof(ctx.data), unsafe.Offsetof(ctx.dataEnd), offset, size)
}

func (ctx *SKB) at(offset, size uint32) unsafe.Pointer {
	return packetAt(unsafe.Pointer(ctx), unsafe.Offsetof(ctx.data), unsafe.Offsetof(ctx.dataEnd), offset, size)
}

func readDataLoc(text unsafe.Pointer, size uint32, ctx Context, offset uint32) int64 {
	return ProbeReadKernelStr(text, size, contextAddress(ctx, offset))
}
