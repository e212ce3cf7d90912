package mem

import "unsafe"

// An array has its values made when they are first used.
type array struct {
	of     *Map
	values map[uint32][]block
}

func newArray(m *Map) *array {
	return &array{of: m, values: map[uint32][]block{}}
}

func (a *array) at(index uint32) []block {
	v, ok := a.values[index]
	if !ok {
		v = a.of.newValue()
		a.values[index] = v
	}
	return v
}

func (a *array) lookup(key unsafe.Pointer) unsafe.Pointer {
	index := *(*uint32)(key)
	if index >= a.of.MaxEntries {
		return nil
	}
	return a.of.current(a.at(index)).pointer()
}

func (a *array) update(key, value unsafe.Pointer, flags uint64) int64 {
	index := *(*uint32)(key)
	switch {
	case index >= a.of.MaxEntries:
		return tooBig
	case flags == ifNoEntry:
		return exists
	}
	a.of.set(a.of.current(a.at(index)), value)
	return 0
}

func (a *array) remove(unsafe.Pointer) int64 { return invalid }
