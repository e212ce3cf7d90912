package mem

import "unsafe"

// PerfBuffer is how many bytes of records each CPU's buffer of a PerfEventArray takes: 64 KiB.
const PerfBuffer = 64 << 10

// A perf has a buffer for each CPU.
type perf struct {
	records [CPUs][][]byte
	used    [CPUs]uint64
	size    uint64
}

func newPerf() *perf { return &perf{size: PerfBuffer} }

const (
	perfIndex   = 0xffffffff // which CPU's buffer; all bits: this one's
	perfHeader  = 8 + 4      // perf_event_header, and the raw record's size
	noPerfEvent = noEntry
)

// PerfOutput copies a record into the buffer that flags name; a negative error number where it
// does not succeed.
func (m *Map) PerfOutput(flags uint64, data unsafe.Pointer, size uint64) int64 {
	p := inside[*perf](m, "output")
	m.mu.Lock()
	defer m.mu.Unlock()
	index := flags & perfIndex
	if index == perfIndex {
		index = uint64(CPU())
	}
	switch {
	case flags&^perfIndex != 0:
		return invalid
	case m.MaxEntries != 0 && index >= uint64(m.MaxEntries):
		return tooBig
	case index >= CPUs:
		return noPerfEvent
	case index != uint64(CPU()):
		return unknownOp
	}
	room := (size + perfHeader + 7) &^ 7
	if p.used[index]+room > p.size {
		return noSpace
	}
	p.used[index] += room
	p.records[index] = append(p.records[index], append([]byte(nil), bytesAt(data, uintptr(size))...))
	return 0
}

// consume takes all records, those of the first CPU first.
func (p *perf) consume() [][]byte {
	var seen [][]byte
	for cpu := range p.records {
		seen = append(seen, p.records[cpu]...)
	}
	p.records, p.used = [CPUs][][]byte{}, [CPUs]uint64{}
	return seen
}
