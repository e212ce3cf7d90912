package mem

import (
	"fmt"
	"math/bits"
	"reflect"
)

// A Kind is a kernel's type of map.
type Kind int

const (
	Hash Kind = iota
	LRUHash
	PerCPUHash
	LRUPerCPUHash
	Array
	PerCPUArray
	LPMTrie
	Queue
	Stack
	ProgArray
	RingBuf
	PerfEventArray
)

var kindNames = [...]string{
	"Hash", "LRUHash", "PerCPUHash", "LRUPerCPUHash", "Array", "PerCPUArray", "LPMTrie", "Queue", "Stack",
	"ProgArray", "RingBuf", "PerfEventArray",
}

func (k Kind) String() string { return kindNames[k] }

// PerCPU tells whether the map has a value for each CPU.
func (k Kind) PerCPU() bool { return k == PerCPUHash || k == LRUPerCPUHash || k == PerCPUArray }

func (k Kind) lru() bool   { return k == LRUHash || k == LRUPerCPUHash }
func (k Kind) hash() bool  { return k == Hash || k == PerCPUHash || k.lru() }
func (k Kind) array() bool { return k == Array || k == PerCPUArray }

// Flags that a map is made with, as the kernel numbers them.
const (
	noPrealloc    = 1 << 0
	noCommonLRU   = 1 << 1
	numaNode      = 1 << 2
	readOnly      = 1 << 3
	writeOnly     = 1 << 4
	zeroSeed      = 1 << 6
	readOnlyProg  = 1 << 7
	writeOnlyProg = 1 << 8
	mmapable      = 1 << 10
	preserveElems = 1 << 11
	accessMask    = readOnly | writeOnly | readOnlyProg | writeOnlyProg
)

// A Spec is what a map is made of: its kind, the types of keys and values (nil where there are
// none; of a ring the record's) and its options.
type Spec struct {
	Kind       Kind
	Key, Value reflect.Type
	MaxEntries uint32
	Flags      uint32
}

func (s Spec) String() string {
	switch {
	case s.Kind == ProgArray:
		return "ebpf.ProgArray"
	case s.Key == nil || s.Kind.array():
		return fmt.Sprintf("ebpf.%v[%v]", s.Kind, s.Value)
	case s.Kind == LPMTrie:
		return fmt.Sprintf("ebpf.LPMTrie[%v, %v]", s.Key.Field(1).Type, s.Value)
	}
	return fmt.Sprintf("ebpf.%v[%v, %v]", s.Kind, s.Key, s.Value)
}

// refusal says why the kernel would not make the map; "" where it would.
func (s Spec) refusal() string {
	for _, t := range []reflect.Type{s.Key, s.Value} {
		if t == nil {
			continue
		}
		if path := pointerIn(t, t.String()); path != "" {
			return path + ": maps hold plain data: integers, and arrays and structs of them"
		}
	}
	if reason := s.refusedSizes(); reason != "" {
		return reason
	}
	if extra := s.Flags &^ s.allowedFlags(); extra != 0 {
		return fmt.Sprintf("Flags has %#x, which this kind of map does not know: the kernel says EINVAL", extra)
	}
	if s.Kind.lru() && s.Flags&noPrealloc != 0 {
		return "an LRU map has all its entries from the beginning, without NoPrealloc: the kernel says EOPNOTSUPP"
	}
	return ""
}

func (s Spec) refusedSizes() string {
	switch s.Kind {
	case PerfEventArray:
		return ""
	case RingBuf:
		if s.MaxEntries == 0 || s.MaxEntries%4096 != 0 || bits.OnesCount32(s.MaxEntries) != 1 {
			return fmt.Sprintf("MaxEntries is %d, the size in bytes, which must be a power of two and "+
				"whole pages (4096, 8192 …): the kernel says EINVAL", s.MaxEntries)
		}
		return ""
	}
	if s.MaxEntries == 0 {
		return "MaxEntries is 0: the kernel says EINVAL"
	}
	if s.Kind == ProgArray {
		return ""
	}
	if s.Value.Size() == 0 {
		return fmt.Sprintf("a value of type %v has no bytes: the kernel says EINVAL", s.Value)
	}
	if s.Key != nil && s.Key.Size() == 0 {
		return fmt.Sprintf("a key of type %v has no bytes: the kernel says EINVAL", s.Key)
	}
	if s.Kind.PerCPU() && s.Value.Size() > 32<<10 {
		return fmt.Sprintf("a value of %d bytes: the kernel has 32 KiB for each CPU's, and says E2BIG", s.Value.Size())
	}
	if s.Kind.hash() && s.Key.Size()+s.Value.Size() >= 4<<20 {
		return fmt.Sprintf("key and value of %d bytes: the kernel has 4 MiB, and says E2BIG", s.Key.Size()+s.Value.Size())
	}
	if s.Kind == LPMTrie {
		return refusedPrefix(s.Key.Field(1))
	}
	return ""
}

func refusedPrefix(addr reflect.StructField) string {
	switch {
	case addr.Type.Size() == 0 || addr.Type.Size() > 256:
		return fmt.Sprintf("an address of %d bytes: 1 to 256 are possible, else the kernel says EINVAL", addr.Type.Size())
	case addr.Offset != 4:
		return fmt.Sprintf("the address %v begins %d bytes into the key, after padding; the kernel takes what "+
			"follows the first 4 for the address: use an array of bytes", addr.Type, addr.Offset)
	}
	return ""
}

func (s Spec) allowedFlags() uint32 {
	switch {
	case s.Kind.hash():
		if s.Kind.lru() {
			return noPrealloc | noCommonLRU | numaNode | accessMask | zeroSeed
		}
		return noPrealloc | numaNode | accessMask | zeroSeed
	case s.Kind == Array:
		return numaNode | mmapable | accessMask | preserveElems
	case s.Kind == PerCPUArray:
		return numaNode | accessMask | preserveElems
	case s.Kind == LPMTrie:
		return noPrealloc | numaNode | accessMask
	case s.Kind == Queue, s.Kind == Stack:
		return numaNode | accessMask
	case s.Kind == RingBuf:
		return numaNode
	}
	return numaNode | accessMask | preserveElems
}
