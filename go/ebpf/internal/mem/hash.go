package mem

import (
	"container/list"
	"unsafe"
)

// A table is a hash: the kernel's, but that an LRU drops exactly the entry that was not used for
// longest, where the kernel takes one that is nearly so, and may take it before the map is full.
type table struct {
	of      *Map
	unnamed []span // of the key
	entries map[string]*entry
	used    list.List // of *entry, last used first; only of an LRU
}

type entry struct {
	key    string
	values []block
	use    *list.Element
}

func newTable(m *Map) *table {
	return &table{of: m, unnamed: unnamed(m.Key, 0), entries: map[string]*entry{}}
}

// keyOf gives the key's bytes, those that no field owns as zero.
func keyOf(key unsafe.Pointer, size uintptr, unnamed []span) string {
	raw := bytesAt(key, size)
	if len(unnamed) == 0 {
		return string(raw)
	}
	clean := append([]byte(nil), raw...)
	for _, s := range unnamed {
		clear(clean[s.from:s.to])
	}
	return string(clean)
}

func (t *table) key(key unsafe.Pointer) string {
	return keyOf(key, t.of.Key.Size(), t.unnamed)
}

func (t *table) lookup(key unsafe.Pointer) unsafe.Pointer {
	e := t.entries[t.key(key)]
	if e == nil {
		return nil
	}
	t.touch(e)
	return t.of.current(e.values).pointer()
}

func (t *table) touch(e *entry) {
	if e.use != nil {
		t.used.MoveToFront(e.use)
	}
}

func (t *table) update(key, value unsafe.Pointer, flags uint64) int64 {
	k := t.key(key)
	old := t.entries[k]
	switch {
	case old != nil && flags == ifNoEntry:
		return exists
	case old == nil && flags == ifEntry:
		return noEntry
	case old != nil && t.of.Kind.PerCPU(): // the other CPUs' values stay, so does the entry
		t.of.set(t.of.current(old.values), value)
		t.touch(old)
		return 0
	case old == nil && len(t.entries) >= int(t.of.MaxEntries):
		if !t.of.Kind.lru() {
			return tooBig
		}
		t.drop(t.used.Back().Value.(*entry))
	}
	if old != nil {
		t.drop(old) // who holds a pointer to the old value keeps that
	}
	e := &entry{key: k, values: t.of.newValue()}
	t.of.set(t.of.current(e.values), value)
	if t.of.Kind.lru() {
		e.use = t.used.PushFront(e)
	}
	t.entries[k] = e
	return 0
}

func (t *table) drop(e *entry) {
	delete(t.entries, e.key)
	if e.use != nil {
		t.used.Remove(e.use)
	}
}

func (t *table) remove(key unsafe.Pointer) int64 {
	e := t.entries[t.key(key)]
	if e == nil {
		return noEntry
	}
	t.drop(e)
	return 0
}
