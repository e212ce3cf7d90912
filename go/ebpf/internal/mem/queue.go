package mem

import "unsafe"

// A queue is one, or a stack: of says which.
type queue struct {
	of     *Map
	values []block // oldest first
}

// Push adds a value; flags may say that the oldest makes room.
func (m *Map) Push(value unsafe.Pointer, flags uint64) int64 {
	q := inside[*queue](m, "push")
	m.mustWrite()
	m.mu.Lock()
	defer m.mu.Unlock()
	if flags != 0 && flags != ifEntry {
		return invalid
	}
	if len(q.values) >= int(m.MaxEntries) {
		if flags != ifEntry {
			return tooBig
		}
		q.values = q.values[1:]
	}
	v := newBlock(m.Value.Size())
	m.set(v, value)
	q.values = append(q.values, v)
	return 0
}

// Pop takes the next value.
func (m *Map) Pop(value unsafe.Pointer) int64 {
	return inside[*queue](m, "pop").next(value, true)
}

// Peek copies the next value.
func (m *Map) Peek(value unsafe.Pointer) int64 {
	return inside[*queue](m, "peek").next(value, false)
}

func (q *queue) next(value unsafe.Pointer, take bool) int64 {
	q.of.mu.Lock()
	defer q.of.mu.Unlock()
	to := bytesAt(value, q.of.Value.Size())
	if len(q.values) == 0 {
		clear(to)
		return noEntry
	}
	i := 0
	if q.of.Kind == Stack {
		i = len(q.values) - 1
	}
	copy(to, q.values[i].bytes(q.of.Value.Size()))
	if take {
		q.values = append(q.values[:i:i], q.values[i+1:]...)
	}
	return 0
}
