// Package same is run twice, in the kernel and as Go code: what it writes down must be the same.
package same

import (
	"unsafe"

	"tinybpf/ebpf"
)

// ops are what random does: four bytes for each step. The test sets them.
var ops [1024]uint8

// results are written down one after the other.
var (
	results = ebpf.Array[int64]{MaxEntries: 1024}
	written uint32
)

func put(result int64) {
	results.Update(written, result)
	written++
}

func tell(failed ebpf.Errno) { put(int64(failed)) }

func show[V uint8 | uint32 | uint64](value *V) {
	if value == nil {
		put(-1)
		return
	}
	put(int64(*value))
}

// A key has a hole after Tag.
type key struct {
	Tag uint8
	N   uint32
}

var (
	hash    = ebpf.Hash[key, uint64]{MaxEntries: 4}
	onFly   = ebpf.Hash[uint32, uint64]{MaxEntries: 3, Flags: ebpf.NoPrealloc}
	perCPU  = ebpf.PerCPUHash[uint32, uint64]{MaxEntries: 3}
	lru     = ebpf.LRUHash[uint32, uint64]{MaxEntries: 64}
	array   = ebpf.Array[uint32]{MaxEntries: 5}
	eachCPU = ebpf.PerCPUArray[uint64]{MaxEntries: 3}
	trie    = ebpf.LPMTrie[ebpf.IPv4Addr, uint32]{MaxEntries: 5, Flags: ebpf.NoPrealloc}
	queue   = ebpf.Queue[uint32]{MaxEntries: 3}
	stack   = ebpf.Stack[uint32]{MaxEntries: 3}
)

//bpf:section xdp
func pointers(ctx *ebpf.XDP) ebpf.XDPAction {
	one := key{Tag: 1, N: 1}
	show(hash.LookupOrInsert(one, 7))
	if v := hash.Lookup(one); v != nil {
		*v += 3
	}
	show(hash.Lookup(one))
	show(hash.LookupOrInsert(one, 8))
	show(hash.LookupOrZero(key{Tag: 1, N: 2}))
	show(hash.LookupOrZero(key{Tag: 2, N: 2}))
	show(hash.LookupOrZero(key{Tag: 3, N: 2}))
	show(hash.LookupOrZero(key{Tag: 4, N: 2})) // full
	if v := array.Lookup(4); v != nil {
		array.Update(4, 9) // in place
		show(v)
	}
	last, past := uint32(4), uint32(5)
	put(ebpf.MapDeleteElem(&array, unsafe.Pointer(&last)))
	put(ebpf.MapUpdateElem(&array, unsafe.Pointer(&last), unsafe.Pointer(&past), 1))
	put(ebpf.MapUpdateElem(&array, unsafe.Pointer(&last), unsafe.Pointer(&past), 2))
	put(ebpf.MapUpdateElem(&array, unsafe.Pointer(&past), unsafe.Pointer(&past), 1))
	put(ebpf.MapUpdateElem(&array, unsafe.Pointer(&last), unsafe.Pointer(&past), 3))
	put(ebpf.MapUpdateElem(&hash, unsafe.Pointer(&one), unsafe.Pointer(new(uint64)), 3))
	put(ebpf.MapPushElem(&queue, unsafe.Pointer(&past), 1))
	put(ebpf.MapPushElem(&stack, unsafe.Pointer(&past), 4))
	return ebpf.XDPPass
}

//bpf:section xdp
func random(ctx *ebpf.XDP) ebpf.XDPAction {
	for i := 0; i < len(ops); i += 4 {
		step(ops[i], ops[i+1], ops[i+2], ops[i+3])
	}
	return ebpf.XDPPass
}

func step(kind, what, n, value uint8) {
	v := uint32(value)
	switch kind % 8 {
	case 0:
		stepHash(what, key{Tag: n & 1, N: uint32(n>>1) % 3}, uint64(v))
	case 1:
		stepOnFly(what, uint32(n)%5, uint64(v))
	case 2:
		stepPerCPU(what, uint32(n)%5, uint64(v))
	case 3:
		stepArray(what, uint32(n)%7, v)
	case 4:
		stepTrie(what, uint32(value)%35, ebpf.IPv4Of(10, n&0xc0, n&0x81, n), v)
	case 5:
		stepQueue(what, v)
	case 6:
		stepStack(what, v)
	case 7:
		stepEachCPU(what, uint32(n)%4, uint64(v))
	}
}

func stepHash(what uint8, k key, v uint64) {
	switch what % 6 {
	case 0:
		tell(hash.Update(k, v))
	case 1:
		tell(hash.Insert(k, v))
	case 2:
		tell(hash.Replace(k, v))
	case 3:
		tell(hash.Delete(k))
	default:
		show(hash.Lookup(k))
	}
}

func stepOnFly(what uint8, k uint32, v uint64) {
	switch what % 6 {
	case 0:
		tell(onFly.Update(k, v))
	case 1:
		tell(onFly.Insert(k, v))
	case 2:
		tell(onFly.Replace(k, v))
	case 3:
		tell(onFly.Delete(k))
	default:
		show(onFly.Lookup(k))
	}
}

func stepPerCPU(what uint8, k uint32, v uint64) {
	switch what % 6 {
	case 0:
		tell(perCPU.Update(k, v))
	case 1:
		tell(perCPU.Insert(k, v))
	case 2:
		tell(perCPU.Replace(k, v))
	case 3:
		tell(perCPU.Delete(k))
	default:
		show(perCPU.Lookup(k))
	}
}

func stepArray(what uint8, i, v uint32) {
	if what&1 == 0 {
		tell(array.Update(i, v))
		return
	}
	show(array.Lookup(i))
}

func stepEachCPU(what uint8, i uint32, v uint64) {
	if what&1 == 0 {
		tell(eachCPU.Update(i, v))
		return
	}
	show(eachCPU.Lookup(i))
}

func stepTrie(what uint8, bits uint32, addr ebpf.IPv4Addr, v uint32) {
	switch what % 4 {
	case 0:
		tell(trie.Update(bits, addr, v))
	case 1:
		tell(trie.Delete(bits, addr))
	default:
		show(trie.Lookup(addr))
	}
}

func stepQueue(what uint8, v uint32) {
	out := uint32(99)
	switch what % 5 {
	case 0, 1:
		tell(queue.Push(v))
		return
	case 2:
		tell(queue.PushOver(v))
		return
	case 3:
		tell(queue.Pop(&out))
	case 4:
		tell(queue.Peek(&out))
	}
	put(int64(out))
}

func stepStack(what uint8, v uint32) {
	out := uint32(99)
	switch what % 5 {
	case 0, 1:
		tell(stack.Push(v))
		return
	case 2:
		tell(stack.PushOver(v))
		return
	case 3:
		tell(stack.Pop(&out))
	case 4:
		tell(stack.Peek(&out))
	}
	put(int64(out))
}

//bpf:section xdp
func room(ctx *ebpf.XDP) ebpf.XDPAction {
	failed := int64(0)
	for i := range uint32(1000) {
		if lru.Update(i, uint64(i)) != 0 {
			failed++
		}
	}
	put(failed)
	show(lru.Lookup(999))
	return ebpf.XDPPass
}
