//go:build !bpf

package ebpf

import (
	"fmt"
	"reflect"
	"sync/atomic"
	"unsafe"

	"tinybpf/ebpf/internal/mem"
)

// What the package is made of outside the kernel: the functions of primitives_bpf.go over maps,
// packets and memory of package mem.

// A mapState is where a map is kept, from its first use on. It must not be copied: Lock and
// Unlock, which nobody calls, let go vet say so.
type mapState struct {
	made atomic.Pointer[mem.Map]
}

func (*mapState) Lock()   {}
func (*mapState) Unlock() {}

// options are what each map begins with; its state follows.
type options struct {
	MaxEntries uint32
	Flags      MapFlags
	Pin        Pinning
}

const stateOffset = unsafe.Offsetof(struct {
	options
	state mapState
}{}.state)

// options gives the options of the map that the state is in.
func (s *mapState) options() *options {
	return (*options)(unsafe.Add(unsafe.Pointer(s), -int(stateOffset)))
}

// open makes the map, unless it is there.
func (s *mapState) open(kind mem.Kind, key, value func() reflect.Type) *mapState {
	if s.made.Load() == nil {
		o := s.options()
		mem.Open(&s.made, mem.Spec{
			Kind: kind, Key: key(), Value: value(), MaxEntries: o.MaxEntries, Flags: uint32(o.Flags),
		})
	}
	return s
}

func typeOf[T any]() reflect.Type { return reflect.TypeFor[T]() }
func noType() reflect.Type        { return nil }

// kindOf gives the kind of map that As stands for.
func kindOf[As any]() mem.Kind {
	switch any(*new(As)).(type) {
	case asHash:
		return mem.Hash
	case asLRUHash:
		return mem.LRUHash
	case asPerCPUHash:
		return mem.PerCPUHash
	case asLRUPerCPUHash:
		return mem.LRUPerCPUHash
	case asArray:
		return mem.Array
	case asPerCPUArray:
		return mem.PerCPUArray
	case asQueue:
		return mem.Queue
	case asStack:
		return mem.Stack
	}
	panic(fmt.Sprintf("ebpf: %T is no kind of map", *new(As)))
}

func (m *hash[K, V, As]) use() *mapState {
	return m.state.open(kindOf[As](), typeOf[K], typeOf[V])
}

func (m *array[V, As]) use() *mapState {
	return m.state.open(kindOf[As](), typeOf[uint32], typeOf[V])
}

func (m *LPMTrie[A, V]) use() *mapState {
	return m.state.open(mem.LPMTrie, typeOf[LPMKey[A]], typeOf[V])
}

func (m *queue[V, As]) use() *mapState {
	return m.state.open(kindOf[As](), noType, typeOf[V])
}

func (m *ProgArray) use() *mapState  { return m.state.open(mem.ProgArray, noType, noType) }
func (m *RingBuf[T]) use() *mapState { return m.state.open(mem.RingBuf, noType, typeOf[T]) }
func (m *PerfEventArray[T]) use() *mapState {
	return m.state.open(mem.PerfEventArray, noType, typeOf[T])
}

// stateOf gives the state of any map.
func stateOf(m Map) *mapState {
	return m.(interface{ use() *mapState }).use()
}

func (s *mapState) mem() *mem.Map { return s.made.Load() }

func mapLookup(m *mapState, key unsafe.Pointer) unsafe.Pointer { return m.mem().Lookup(key) }

func mapUpdate(m *mapState, key, value unsafe.Pointer, flags uint64) int64 {
	return m.mem().Update(key, value, flags)
}

func mapDelete(m *mapState, key unsafe.Pointer) int64 { return m.mem().Delete(key) }

func mapPush(m *mapState, value unsafe.Pointer, flags uint64) int64 {
	return m.mem().Push(value, flags)
}

func mapPop(m *mapState, value unsafe.Pointer) int64 { return m.mem().Pop(value) }

func mapPeek(m *mapState, value unsafe.Pointer) int64 { return m.mem().Peek(value) }

func tailCall(ctx Context, m *mapState, index uint32) int64 { return m.mem().TailCall(ctx, index) }

func ringbufOutput(m *mapState, record unsafe.Pointer, size, flags uint64) int64 {
	return m.mem().RingOutput(record, size, flags)
}

func ringbufReserve(m *mapState, size, flags uint64) unsafe.Pointer {
	return m.mem().Reserve(size, flags)
}

func ringbufSubmit(record unsafe.Pointer, flags uint64) { mem.Submit(record) }

func ringbufDiscard(record unsafe.Pointer, flags uint64) { mem.Discard(record) }

func ringbufQuery(m *mapState, flags uint64) uint64 { return m.mem().RingQuery(flags) }

func perfEventOutput(ctx Context, m *mapState, flags uint64, record unsafe.Pointer, size uint64) int64 {
	return m.mem().PerfOutput(flags, record, size)
}

func spinLock(l *SpinLock)   { mem.Lock(&l.val) }
func spinUnlock(l *SpinLock) { mem.Unlock(&l.val) }

func countLost(m *mapState) { m.mem().CountLost() }

func zeros(size uintptr) unsafe.Pointer { return mem.Zeros(size) }

func (ctx *XDP) at(offset, size uint32) unsafe.Pointer {
	return mem.PacketOf(ctx.data).At(offset, size)
}

func (ctx *SKB) at(offset, size uint32) unsafe.Pointer {
	return mem.PacketOf(ctx.data).At(offset, size)
}

func readDataLoc(text unsafe.Pointer, size uint32, ctx Context, offset uint32) int64 {
	return mem.ReadRecordString(text, size, ctx, offset)
}

const maxLoops = 1 << 23 // BPF_MAX_LOOPS

func loop(n uint32, body func(i uint32) bool) uint32 {
	if n > maxLoops {
		return ^uint32(E2BIG) + 1 // what the helper returns, as a number without sign
	}
	for i := range n {
		if !body(i) {
			return i + 1
		}
	}
	return n
}

// forEach calls body with the entries that are there when it begins, in any order, but for those
// that are gone when their turn comes.
func forEach[K comparable, V any](m *mapState, body func(key *K, value *V) bool) {
	for _, text := range m.mem().Keys() {
		key := new(K)
		copy(unsafe.Slice((*byte)(unsafe.Pointer(key)), unsafe.Sizeof(*key)), text)
		values := m.mem().Values(unsafe.Pointer(key))
		if values == nil {
			continue
		}
		value := values[0]
		if len(values) > 1 {
			value = values[mem.CPU()]
		}
		if !body(key, (*V)(value)) {
			return
		}
	}
}

func printk(format string, args ...any) {
	if false {
		_ = fmt.Sprintf(format, args...) // tells go vet that these are a format and its arguments
	}
	mem.Print(format, args)
}

// init gives package ebpftest what it needs of this one's inside.
func init() {
	mem.Bind(reflect.TypeFor[SpinLock]().PkgPath(),
		func(m any) *mem.Map { return stateOf(m.(Map)).mem() },
		func(ctx any) *uint32 {
			switch ctx := ctx.(type) {
			case *XDP:
				return &ctx.data
			case *SKB:
				return &ctx.data
			}
			return nil
		},
		func(skb any, protocol uint16) { skb.(*SKB).protocol = uint32(NewBE16(protocol).raw) },
	)
}
