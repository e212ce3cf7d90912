package ebpf

import "unsafe"

// A Map is a pointer to any of this package's maps; the helpers that take a map take one.
type Map interface{ bpfMap() }

// MapFlags are the BPF_F_ flags that a map is created with.
type MapFlags uint32

// Flags of maps, by their kernel names.
const (
	NoPrealloc    MapFlags = 1 << 0  // entries are allocated when they are inserted
	NoCommonLRU   MapFlags = 1 << 1  // an LRU list for each CPU
	NUMANode      MapFlags = 1 << 2  // memory of one NUMA node
	ReadOnly      MapFlags = 1 << 3  // user space cannot write
	WriteOnly     MapFlags = 1 << 4  // user space cannot read
	ZeroSeed      MapFlags = 1 << 6  // no random seed in the hash
	ReadOnlyProg  MapFlags = 1 << 7  // programs cannot write
	WriteOnlyProg MapFlags = 1 << 8  // programs cannot read
	Mmapable      MapFlags = 1 << 10 // user space can map the memory of an Array
	PreserveElems MapFlags = 1 << 11 // a PerfEventArray keeps its events when its descriptor is closed
)

// Pinning says under which path the loader makes a map last.
type Pinning uint32

const (
	PinNone   Pinning = 0 // the map ends with the object
	PinByName Pinning = 1 // /sys/fs/bpf/NAME; reused where it is there already
)

// What kind of map a struct with methods is part of.
type (
	asHash          struct{}
	asLRUHash       struct{}
	asPerCPUHash    struct{}
	asLRUPerCPUHash struct{}
	asArray         struct{}
	asPerCPUArray   struct{}
	asQueue         struct{}
	asStack         struct{}
)

// Options of a map are the fields of its variable: constants, since the map is created before
// the program runs.

// A Hash is a hash table with a fixed number of entries. Linux 3.19.
//
//	var flows = ebpf.Hash[Flow, Counter]{MaxEntries: 4096}
type Hash[K comparable, V any] struct {
	MaxEntries uint32
	Flags      MapFlags
	Pin        Pinning

	hash[K, V, asHash]
}

// An LRUHash is a hash table that makes room by dropping entries that were not used for long.
// Linux 4.10.
type LRUHash[K comparable, V any] struct {
	MaxEntries uint32
	Flags      MapFlags
	Pin        Pinning

	hash[K, V, asLRUHash]
}

// A PerCPUHash is a hash table with a value of its own for each CPU: a program sees that of the
// CPU on which it runs, user space all of them. Linux 4.6.
type PerCPUHash[K comparable, V any] struct {
	MaxEntries uint32
	Flags      MapFlags
	Pin        Pinning

	hash[K, V, asPerCPUHash]
}

// An LRUPerCPUHash is an LRUHash with a value for each CPU. Linux 4.10.
type LRUPerCPUHash[K comparable, V any] struct {
	MaxEntries uint32
	Flags      MapFlags
	Pin        Pinning

	hash[K, V, asLRUPerCPUHash]
}

// hash is what the maps with keys have in common; As tells them apart.
type hash[K comparable, V, As any] struct{ state mapState }

func (m *hash[K, V, As]) bpfMap() {}

// Lookup gives the value of key, nil where there is none. The value of a per-CPU map is this
// CPU's.
func (m *hash[K, V, As]) Lookup(key K) *V {
	return (*V)(mapLookup(m.use(), unsafe.Pointer(&key)))
}

// LookupOrInsert gives the value of key, after inserting value where there was none; nil only
// where the map is full.
func (m *hash[K, V, As]) LookupOrInsert(key K, value V) *V {
	if v := mapLookup(m.use(), unsafe.Pointer(&key)); v != nil {
		return (*V)(v)
	}
	mapUpdate(m.use(), unsafe.Pointer(&key), unsafe.Pointer(&value), noExist)
	return (*V)(mapLookup(m.use(), unsafe.Pointer(&key)))
}

// LookupOrZero gives the value of key, after inserting a zero value where there was none; nil
// only where the map is full. The zero value takes no stack.
func (m *hash[K, V, As]) LookupOrZero(key K) *V {
	if v := mapLookup(m.use(), unsafe.Pointer(&key)); v != nil {
		return (*V)(v)
	}
	mapUpdate(m.use(), unsafe.Pointer(&key), zeros(unsafe.Sizeof(*new(V))), noExist)
	return (*V)(mapLookup(m.use(), unsafe.Pointer(&key)))
}

// Update sets the value of key, whether there is one or not. Errors: E2BIG where the map is full,
// ENOMEM, EBUSY where a program interrupted another one in the same map.
func (m *hash[K, V, As]) Update(key K, value V) Errno {
	return errno(mapUpdate(m.use(), unsafe.Pointer(&key), unsafe.Pointer(&value), 0))
}

// Insert sets the value of a key that has none; EEXIST where it has one. Other errors as of
// Update.
func (m *hash[K, V, As]) Insert(key K, value V) Errno {
	return errno(mapUpdate(m.use(), unsafe.Pointer(&key), unsafe.Pointer(&value), noExist))
}

// Replace sets the value of a key that has one; ENOENT where it has none. Other errors as of
// Update.
func (m *hash[K, V, As]) Replace(key K, value V) Errno {
	return errno(mapUpdate(m.use(), unsafe.Pointer(&key), unsafe.Pointer(&value), exist))
}

// Delete removes key; ENOENT where it is not there.
func (m *hash[K, V, As]) Delete(key K) Errno {
	return errno(mapDelete(m.use(), unsafe.Pointer(&key)))
}

// An Array has MaxEntries values, all there from the beginning and zero. Linux 3.19.
//
//	var totals = ebpf.Array[Total]{MaxEntries: 16}
type Array[V any] struct {
	MaxEntries uint32
	Flags      MapFlags
	Pin        Pinning

	array[V, asArray]
}

// A PerCPUArray is an Array with values of its own for each CPU. Linux 4.6.
type PerCPUArray[V any] struct {
	MaxEntries uint32
	Flags      MapFlags
	Pin        Pinning

	array[V, asPerCPUArray]
}

type array[V, As any] struct{ state mapState }

func (m *array[V, As]) bpfMap() {}

// Lookup gives the value at index, nil past the end. The value of a per-CPU map is this CPU's.
func (m *array[V, As]) Lookup(index uint32) *V {
	return (*V)(mapLookup(m.use(), unsafe.Pointer(&index)))
}

// Update sets the value at index; E2BIG past the end.
func (m *array[V, As]) Update(index uint32, value V) Errno {
	return errno(mapUpdate(m.use(), unsafe.Pointer(&index), unsafe.Pointer(&value), 0))
}

// An LPMTrie finds the longest prefix that matches an address. Linux 4.11.
//
//	var blocked = ebpf.LPMTrie[ebpf.IPv4Addr, Reason]{MaxEntries: 1024}
//
// User space writes keys of LPMKey: the prefix's length in bits, then the address.
type LPMTrie[A comparable, V any] struct {
	MaxEntries uint32
	Flags      MapFlags // NoPrealloc, which the kernel demands, is set anyway
	Pin        Pinning

	state mapState
}

// An LPMKey is a prefix: the first PrefixLen bits of Addr.
type LPMKey[A comparable] struct {
	PrefixLen uint32
	Addr      A
}

func (m *LPMTrie[A, V]) bpfMap() {}

// Lookup gives the value of the longest prefix that holds addr, nil where none does.
func (m *LPMTrie[A, V]) Lookup(addr A) *V {
	key := LPMKey[A]{PrefixLen: uint32(unsafe.Sizeof(addr) * 8), Addr: addr}
	return (*V)(mapLookup(m.use(), unsafe.Pointer(&key)))
}

// Update sets the value of the prefix of prefixLen bits. Errors: ENOSPC where the map is full,
// EINVAL where addr has fewer bits.
func (m *LPMTrie[A, V]) Update(prefixLen uint32, addr A, value V) Errno {
	key := LPMKey[A]{PrefixLen: prefixLen, Addr: addr}
	return errno(mapUpdate(m.use(), unsafe.Pointer(&key), unsafe.Pointer(&value), 0))
}

// Delete removes a prefix; ENOENT where it is not there.
func (m *LPMTrie[A, V]) Delete(prefixLen uint32, addr A) Errno {
	key := LPMKey[A]{PrefixLen: prefixLen, Addr: addr}
	return errno(mapDelete(m.use(), unsafe.Pointer(&key)))
}

// A Queue gives back first what was pushed first. Linux 4.20.
type Queue[V any] struct {
	MaxEntries uint32
	Flags      MapFlags
	Pin        Pinning

	queue[V, asQueue]
}

// A Stack gives back first what was pushed last. Linux 4.20.
type Stack[V any] struct {
	MaxEntries uint32
	Flags      MapFlags
	Pin        Pinning

	queue[V, asStack]
}

type queue[V, As any] struct{ state mapState }

func (m *queue[V, As]) bpfMap() {}

// Push adds a value; E2BIG where the map is full.
func (m *queue[V, As]) Push(value V) Errno {
	return errno(mapPush(m.use(), unsafe.Pointer(&value), 0))
}

// PushOver adds a value; where the map is full the oldest makes room.
func (m *queue[V, As]) PushOver(value V) Errno {
	return errno(mapPush(m.use(), unsafe.Pointer(&value), exist))
}

// Pop takes the next value into value; ENOENT, and a zero value, where there is none.
func (m *queue[V, As]) Pop(value *V) Errno {
	return errno(mapPop(m.use(), unsafe.Pointer(value)))
}

// Peek copies the next value into value and leaves it; ENOENT, and a zero value, where there is
// none.
func (m *queue[V, As]) Peek(value *V) Errno {
	return errno(mapPeek(m.use(), unsafe.Pointer(value)))
}

// A ProgArray has programs to jump to; user space puts them there. Linux 4.2.
type ProgArray struct {
	MaxEntries uint32
	Flags      MapFlags
	Pin        Pinning

	state mapState
}

func (m *ProgArray) bpfMap() {}

// TailCall goes on with the program at index, which gets ctx and whose result is the result. It
// returns only where there is no program, or after 33 tail calls.
func (m *ProgArray) TailCall(ctx Context, index uint32) {
	tailCall(ctx, m.use(), index)
}

const (
	noExist = 1
	exist   = 2
)
