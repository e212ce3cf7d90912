package mem

import (
	"fmt"
	"sync"
	"unsafe"
)

const ringHeader = 8 // bytes before each record

// A ring has records in the order in which room was reserved for them. Positions count bytes, with
// headers, and never go back, as in the kernel.
type ring struct {
	of       *Map
	size     uint64
	produced uint64
	consumed uint64
	records  []*record
}

// A record is room in a ring.
type record struct {
	in    *ring
	data  block
	size  uintptr
	state recordState
	by    int64 // goroutine that reserved it
}

type recordState int

const (
	busy recordState = iota
	submitted
	discarded
)

// reserved are the records that are neither submitted nor discarded yet, by address.
var reserved struct {
	sync.Mutex
	at map[unsafe.Pointer]*record
}

func (r *record) room() uint64 { return (uint64(r.size) + ringHeader + 7) &^ 7 }

// reserve makes room, and gives nil where there is none.
func (r *ring) reserve(size uint64) *record {
	made := &record{in: r, size: uintptr(size)}
	room := made.room()
	if size > 1<<30-1 || room > r.size || r.produced+room-r.consumed > r.size-1 {
		return nil
	}
	made.data = newBlock(uintptr(size))
	r.produced += room
	r.records = append(r.records, made)
	return made
}

// Reserve makes room for a record of size bytes; nil where there is none.
func (m *Map) Reserve(size, flags uint64) unsafe.Pointer {
	r := inside[*ring](m, "reserve")
	m.mu.Lock()
	defer m.mu.Unlock()
	if flags != 0 {
		return nil
	}
	made := r.reserve(size)
	if made == nil {
		return nil
	}
	made.by = goroutine()
	if made.data == nil || len(made.data) == 0 {
		made.data = newBlock(8) // a record of no bytes has an address, too
	}
	reserved.Lock()
	defer reserved.Unlock()
	if reserved.at == nil {
		reserved.at = map[unsafe.Pointer]*record{}
	}
	reserved.at[made.data.pointer()] = made
	return made.data.pointer()
}

// Submit hands the record at p to user space.
func Submit(p unsafe.Pointer) { finish(p, submitted, "Submit") }

// Discard gives the record at p back.
func Discard(p unsafe.Pointer) { finish(p, discarded, "Discard") }

func finish(p unsafe.Pointer, state recordState, operation string) {
	mayCall(operation)
	reserved.Lock()
	found := reserved.at[p]
	delete(reserved.at, p)
	reserved.Unlock()
	if found == nil {
		panic(fmt.Sprintf("%s of %p, which is no record that Reserve gave, or one that was submitted or "+
			"discarded already: the verifier refuses the program", operation, p))
	}
	m := found.in.of
	m.mu.Lock()
	defer m.mu.Unlock()
	found.state = state
}

// RingOutput copies a record into the ring; a negative error number where there is no room.
func (m *Map) RingOutput(data unsafe.Pointer, size, flags uint64) int64 {
	r := inside[*ring](m, "output")
	m.mu.Lock()
	defer m.mu.Unlock()
	if flags&^3 != 0 {
		return invalid
	}
	made := r.reserve(size)
	if made == nil {
		return again
	}
	copy(made.data.bytes(made.size), bytesAt(data, made.size))
	made.state = submitted
	return 0
}

// What RingQuery tells.
const (
	ringAvailable = iota
	ringSize
	ringConsumed
	ringProduced
)

// RingQuery tells about the ring; 0 for what it does not know.
func (m *Map) RingQuery(what uint64) uint64 {
	r := inside[*ring](m, "query")
	m.mu.Lock()
	defer m.mu.Unlock()
	switch what {
	case ringAvailable:
		return r.produced - r.consumed
	case ringSize:
		return r.size
	case ringConsumed:
		return r.consumed
	case ringProduced:
		return r.produced
	}
	return 0
}

// consume takes what user space can see: the records before the first that is still reserved.
func (r *ring) consume() [][]byte {
	var seen [][]byte
	for len(r.records) > 0 && r.records[0].state != busy {
		next := r.records[0]
		r.records = r.records[1:]
		r.consumed += next.room()
		if next.state == submitted {
			seen = append(seen, next.data.bytes(next.size))
		}
	}
	return seen
}

// held gives the records that are reserved: by a goroutine, or by all where it is 0.
func held(by int64) []*record {
	reserved.Lock()
	defer reserved.Unlock()
	var found []*record
	for _, r := range reserved.at {
		if by == 0 || r.by == by {
			found = append(found, r)
		}
	}
	return found
}
