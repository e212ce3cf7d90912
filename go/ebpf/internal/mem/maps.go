package mem

import (
	"fmt"
	"sync"
	"sync/atomic"
	"unsafe"
)

// Results of the kernel's functions.
const (
	noEntry   = -2  // ENOENT
	tooBig    = -7  // E2BIG
	again     = -11 // EAGAIN
	fault     = -14 // EFAULT
	exists    = -17 // EEXIST
	invalid   = -22 // EINVAL
	noSpace   = -28 // ENOSPC
	unknownOp = -95 // EOPNOTSUPP
)

// Flags of an update.
const (
	ifNoEntry = 1 // BPF_NOEXIST
	ifEntry   = 2 // BPF_EXIST
)

// A Map is a map in memory. Each of its methods may be called at any time by any goroutine; what
// the pointers lead to that Lookup gives is as unguarded as in the kernel.
type Map struct {
	Spec
	mu    sync.Mutex
	locks []span
	lost  atomic.Uint64
	in    any // what its kind needs: *table, *array, *trie, *queue, *ring, *perf, *programs
}

// keyed is a kind of map with keys.
type keyed interface {
	lookup(key unsafe.Pointer) unsafe.Pointer
	update(key, value unsafe.Pointer, flags uint64) int64
	remove(key unsafe.Pointer) int64
}

// made are the slots of all maps that are in use.
var made struct {
	sync.Mutex
	slots []*atomic.Pointer[Map]
}

// Open puts a new map into slot, unless there is one. It panics where the kernel would refuse it.
func Open(slot *atomic.Pointer[Map], spec Spec) *Map {
	made.Lock()
	defer made.Unlock()
	if m := slot.Load(); m != nil {
		return m
	}
	if reason := spec.refusal(); reason != "" {
		panic(fmt.Sprintf("%v: %s", spec, reason))
	}
	m := newMap(spec)
	slot.Store(m)
	made.slots = append(made.slots, slot)
	return m
}

// ResetMaps makes all maps new: they are empty at their next use.
func ResetMaps() {
	made.Lock()
	defer made.Unlock()
	for _, slot := range made.slots {
		slot.Store(nil)
	}
	made.slots = nil
}

func newMap(spec Spec) *Map {
	m := &Map{Spec: spec}
	if spec.Value != nil {
		m.locks = locksIn(spec.Value, 0)
	}
	switch {
	case spec.Kind.hash():
		m.in = newTable(m)
	case spec.Kind.array():
		m.in = newArray(m)
	case spec.Kind == LPMTrie:
		m.in = newTrie(m)
	case spec.Kind == Queue || spec.Kind == Stack:
		m.in = &queue{of: m}
	case spec.Kind == ProgArray:
		m.in = &programs{at: map[uint32]any{}}
	case spec.Kind == RingBuf:
		m.in = &ring{of: m, size: uint64(spec.MaxEntries)}
	default:
		m.in = newPerf()
	}
	return m
}

// Lookup gives the value of key, nil where there is none.
func (m *Map) Lookup(key unsafe.Pointer) unsafe.Pointer {
	in := inside[keyed](m, "lookup")
	if m.Flags&writeOnlyProg != 0 {
		panic(fmt.Sprintf("%v: Flags has WriteOnlyProg, and the program reads: the verifier refuses it", m.Spec))
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return in.lookup(key)
}

// Update sets the value of key; a negative error number where it fails.
func (m *Map) Update(key, value unsafe.Pointer, flags uint64) int64 {
	in := inside[keyed](m, "update")
	m.mustWrite()
	if flags > ifEntry {
		return invalid
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return in.update(key, value, flags)
}

// Delete removes key; a negative error number where it fails.
func (m *Map) Delete(key unsafe.Pointer) int64 {
	in := inside[keyed](m, "delete")
	m.mustWrite()
	m.mu.Lock()
	defer m.mu.Unlock()
	return in.remove(key)
}

func (m *Map) mustWrite() {
	if m.Flags&readOnlyProg != 0 {
		panic(fmt.Sprintf("%v: Flags has ReadOnlyProg, and the program writes: the verifier refuses it", m.Spec))
	}
}

// CountLost adds one to the records that found no room.
func (m *Map) CountLost() { m.lost.Add(1) }

// Lost is how many records found no room.
func (m *Map) Lost() uint64 { return m.lost.Load() }

// inside is the map as the kind that an operation needs, where no helper is forbidden.
func inside[T any](m *Map, operation string) T {
	mayCall("map " + operation)
	in, ok := m.in.(T)
	if !ok {
		panic(fmt.Sprintf("%v has no %s: the verifier refuses the program", m.Spec, operation))
	}
	return in
}

// newValue is memory for an entry: one value, or one for each CPU.
func (m *Map) newValue() []block {
	n := 1
	if m.Kind.PerCPU() {
		n = CPUs
	}
	values := make([]block, n)
	for i := range values {
		values[i] = newBlock(m.Value.Size())
	}
	return values
}

// current is the value of an entry that this CPU sees.
func (m *Map) current(values []block) block {
	if m.Kind.PerCPU() {
		return values[CPU()]
	}
	return values[0]
}

// set copies a value, but for its locks.
func (m *Map) set(to block, value unsafe.Pointer) {
	size := m.Value.Size()
	copySpans(to.bytes(size), bytesAt(value, size), m.locks)
}

func copySpans(to, from []byte, without []span) {
	at := uintptr(0)
	for _, s := range without {
		copy(to[at:s.from], from[at:s.from])
		at = s.to
	}
	copy(to[at:], from[at:])
}
