package mem

import "unsafe"

// A trie finds the longest prefix, as Linux 6.13 and later do: before, an update with a flag did
// not look at it, and a full map did not let a value be replaced.
type trie struct {
	of      *Map
	bits    uint32 // of an address
	entries map[prefix][]block
	lengths map[uint32]int // how many prefixes have that length
}

type prefix struct {
	bits uint32
	addr string // the bits after the prefix zero
}

func newTrie(m *Map) *trie {
	bits := uint32(m.Key.Field(1).Type.Size() * 8)
	return &trie{of: m, bits: bits, entries: map[prefix][]block{}, lengths: map[uint32]int{}}
}

// cut gives the key's prefix, shortened to so many bits.
func (t *trie) cut(key unsafe.Pointer, bits uint32) prefix {
	addr := append([]byte(nil), bytesAt(unsafe.Add(key, 4), uintptr(t.bits/8))...)
	whole := bits / 8
	if bits%8 != 0 {
		addr[whole] &= 0xff << (8 - bits%8)
		whole++
	}
	clear(addr[whole:])
	return prefix{bits, string(addr)}
}

func (t *trie) lookup(key unsafe.Pointer) unsafe.Pointer {
	length := *(*uint32)(key)
	if length > t.bits {
		return nil
	}
	for bits := int(length); bits >= 0; bits-- {
		if t.lengths[uint32(bits)] == 0 {
			continue
		}
		if v, ok := t.entries[t.cut(key, uint32(bits))]; ok {
			return v[0].pointer()
		}
	}
	return nil
}

func (t *trie) update(key, value unsafe.Pointer, flags uint64) int64 {
	length := *(*uint32)(key)
	if length > t.bits {
		return invalid
	}
	p := t.cut(key, length)
	_, there := t.entries[p]
	switch {
	case there && flags == ifNoEntry:
		return exists
	case !there && flags == ifEntry:
		return noEntry
	case !there && len(t.entries) >= int(t.of.MaxEntries):
		return noSpace
	}
	if !there {
		t.lengths[length]++
	}
	v := t.of.newValue()
	t.of.set(v[0], value)
	t.entries[p] = v
	return 0
}

func (t *trie) remove(key unsafe.Pointer) int64 {
	length := *(*uint32)(key)
	if length > t.bits {
		return invalid
	}
	p := t.cut(key, length)
	if _, there := t.entries[p]; !there {
		return noEntry
	}
	delete(t.entries, p)
	t.lengths[length]--
	return 0
}
