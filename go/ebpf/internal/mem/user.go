package mem

import (
	"fmt"
	"unsafe"
)

// What user space does with maps, which package ebpftest gives to tests.

// Records takes what user space would read from a ring or perf buffer.
func (m *Map) Records() [][]byte {
	m.mu.Lock()
	defer m.mu.Unlock()
	in, ok := m.in.(interface{ consume() [][]byte })
	if !ok {
		panic(fmt.Sprintf("%v carries no records", m.Spec))
	}
	return in.consume()
}

// Keys gives the keys of all entries.
func (m *Map) Keys() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	var keys []string
	switch in := m.in.(type) {
	case *table:
		for key := range in.entries {
			keys = append(keys, key)
		}
	case *trie:
		for p := range in.entries {
			keys = append(keys, string(bytesAt(unsafe.Pointer(&p.bits), 4))+p.addr)
		}
	default:
		panic(fmt.Sprintf("%v has no keys", m.Spec))
	}
	return keys
}

// Values gives what key has: one value, or one for each CPU; nil where there is none. The values
// are the map's own, not copies. It does not count as use.
func (m *Map) Values(key unsafe.Pointer) []unsafe.Pointer {
	m.mu.Lock()
	defer m.mu.Unlock()
	var values []block
	switch in := m.in.(type) {
	case *table:
		if e := in.entries[in.key(key)]; e != nil {
			values = e.values
		}
	case *array:
		if index := *(*uint32)(key); index < m.MaxEntries {
			values = in.at(index)
		}
	case *trie:
		if length := *(*uint32)(key); length <= in.bits {
			values = in.entries[in.cut(key, length)]
		}
	default:
		panic(fmt.Sprintf("%v has no keys", m.Spec))
	}
	var pointers []unsafe.Pointer
	for _, v := range values {
		pointers = append(pointers, v.pointer())
	}
	return pointers
}

// Queued gives copies of what a queue or stack has, in the order in which Pop takes it.
func (m *Map) Queued() [][]byte {
	m.mu.Lock()
	defer m.mu.Unlock()
	q, ok := m.in.(*queue)
	if !ok {
		panic(fmt.Sprintf("%v is neither a queue nor a stack", m.Spec))
	}
	var all [][]byte
	for i := range q.values {
		if m.Kind == Stack {
			i = len(q.values) - 1 - i
		}
		all = append(all, append([]byte(nil), q.values[i].bytes(m.Value.Size())...))
	}
	return all
}
