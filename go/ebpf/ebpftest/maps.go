package ebpftest

import (
	"bytes"
	"fmt"
	"unsafe"

	"tinybpf/ebpf"
	"tinybpf/ebpf/internal/mem"
)

// Records takes the records out of a RingBuf or PerfEventArray that user space would read now: of
// a RingBuf in the order in which they were reserved, up to one that is not submitted yet; of a
// PerfEventArray those of CPU 0 first.
//
//	for _, e := range ebpftest.Records(&events) {
func Records[T any](events ebpf.EventMap[T]) []T {
	var records []T
	for _, data := range mem.StateOf(events).Records() {
		records = append(records, valueOf[T](data))
	}
	return records
}

// Lost is how many records a RingBuf or PerfEventArray had no room for.
func Lost[T any](events ebpf.EventMap[T]) uint64 {
	return mem.StateOf(events).Lost()
}

// PerfBuffer is how many bytes of records a PerfEventArray has room for on each CPU, 12 bytes for
// each and rounding included. In the kernel it is user space that chooses.
const PerfBuffer = mem.PerfBuffer

// A KeyedMap is a pointer to an ebpf.Hash or one of its kin.
type KeyedMap[K comparable, V any] interface {
	ebpf.Map
	Lookup(key K) *V
	Delete(key K) ebpf.Errno
}

// Entries gives all entries of a hash; of one with a value for each CPU see PerCPU.
func Entries[K comparable, V any](m KeyedMap[K, V]) map[K]V {
	in := mem.StateOf(m)
	if in.Kind.PerCPU() {
		panic(fmt.Sprintf("ebpftest.Entries: %v has a value for each CPU: use PerCPUEntries", in.Spec))
	}
	entries := map[K]V{}
	for key, values := range PerCPUEntries(m) {
		entries[key] = values[0]
	}
	return entries
}

// PerCPUEntries gives all entries of a hash that has a value for each CPU.
func PerCPUEntries[K comparable, V any](m KeyedMap[K, V]) map[K][]V {
	in := mem.StateOf(m)
	entries := map[K][]V{}
	for _, text := range in.Keys() {
		key := valueOf[K]([]byte(text))
		entries[key] = copies[V](in.Values(unsafe.Pointer(&key)))
	}
	return entries
}

// Prefixes gives all entries of an LPMTrie.
func Prefixes[A comparable, V any](m *ebpf.LPMTrie[A, V]) map[ebpf.LPMKey[A]]V {
	in := mem.StateOf(m)
	entries := map[ebpf.LPMKey[A]]V{}
	for _, text := range in.Keys() {
		key := valueOf[ebpf.LPMKey[A]]([]byte(text))
		entries[key] = copies[V](in.Values(unsafe.Pointer(&key)))[0]
	}
	return entries
}

// Values gives all values of an Array, of up to a gigabyte.
func Values[V any](m *ebpf.Array[V]) []V {
	in := mem.StateOf(m)
	if size := uint64(in.MaxEntries) * uint64(in.Value.Size()); size > 1<<30 {
		panic(fmt.Sprintf("ebpftest.Values: %v has %d bytes; look at single values with Lookup", in.Spec, size))
	}
	values := make([]V, in.MaxEntries)
	for i := range values {
		index := uint32(i)
		values[i] = copies[V](in.Values(unsafe.Pointer(&index)))[0]
	}
	return values
}

// A PerCPUMap is a pointer to an ebpf.PerCPUArray, PerCPUHash or LRUPerCPUHash.
type PerCPUMap[K, V any] interface {
	ebpf.Map
	Lookup(key K) *V
}

// PerCPU gives the values that key has in a map with a value for each CPU, that of CPU 0 first;
// nil where it has none.
func PerCPU[K, V any](m PerCPUMap[K, V], key K) []V {
	in := mem.StateOf(m)
	if !in.Kind.PerCPU() {
		panic(fmt.Sprintf("ebpftest.PerCPU: %v has one value for all CPUs", in.Spec))
	}
	return copies[V](in.Values(unsafe.Pointer(&key)))
}

// Queued gives what is in a Queue or a Stack, in the order in which Pop takes it.
func Queued[V any](m interface {
	ebpf.Map
	Pop(value *V) ebpf.Errno
}) []V {
	var values []V
	for _, data := range mem.StateOf(m).Queued() {
		values = append(values, valueOf[V](data))
	}
	return values
}

// valueOf makes a value of its bytes.
func valueOf[T any](data []byte) T {
	var value T
	copy(bytesOf(&value), data)
	return value
}

func bytesOf[T any](value *T) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(value)), unsafe.Sizeof(*value))
}

func copies[V any](pointers []unsafe.Pointer) []V {
	var values []V
	for _, p := range pointers {
		values = append(values, *(*V)(p))
	}
	return values
}

// Text gives a string that ends with 0 in an array of bytes: ebpftest.Text(e.Path[:]).
func Text(array []byte) string {
	text, _, _ := bytes.Cut(array, []byte{0})
	return string(text)
}
