package ebpf

import "unsafe"

// An EventMap is a pointer to a map that carries records of type T to user space: a RingBuf or a
// PerfEventArray.
type EventMap[T any] interface {
	Map
	carries(*T)
}

// A RingBuf carries records of type T to user space, in order over all CPUs. Linux 5.8.
//
//	var events = ebpf.RingBuf[Event]{MaxEntries: 1 << 20}
//
// A record that finds no room is lost: it is counted, and the loader can read the count.
type RingBuf[T any] struct {
	MaxEntries uint32 // bytes: a power of two, whole pages
	Flags      MapFlags
	Pin        Pinning

	state mapState
}

// Wakeup says whether a record wakes up the reader; by default when it has read all before.
type Wakeup uint64

const (
	WakeupAuto Wakeup = 0
	NoWakeup   Wakeup = 1 // BPF_RB_NO_WAKEUP
	WakeupNow  Wakeup = 2 // BPF_RB_FORCE_WAKEUP
)

func (m *RingBuf[T]) bpfMap()    {}
func (m *RingBuf[T]) carries(*T) {}

// Output copies a record into the buffer and tells whether there was room.
func (m *RingBuf[T]) Output(record *T) bool {
	if ringbufOutput(m.use(), unsafe.Pointer(record), uint64(unsafe.Sizeof(*record)), 0) != 0 {
		countLost(m.use())
		return false
	}
	return true
}

// Reserve gives a zeroed record in the buffer to fill in, nil where there is no room. It ends with
// Submit or Discard; the verifier refuses a program that forgets it, and a panic discards it.
func (m *RingBuf[T]) Reserve() *T {
	record := (*T)(ringbufReserve(m.use(), uint64(unsafe.Sizeof(*new(T))), 0))
	if record == nil {
		countLost(m.use())
		return nil
	}
	*record = *new(T)
	return record
}

// Submit hands a reserved record to user space.
func (m *RingBuf[T]) Submit(record *T) {
	ringbufSubmit(unsafe.Pointer(record), uint64(WakeupAuto))
}

// SubmitWith is Submit with a choice whether the reader wakes up.
func (m *RingBuf[T]) SubmitWith(record *T, wakeup Wakeup) {
	ringbufSubmit(unsafe.Pointer(record), uint64(wakeup))
}

// Discard gives a reserved record back; user space does not see it.
func (m *RingBuf[T]) Discard(record *T) {
	ringbufDiscard(unsafe.Pointer(record), uint64(NoWakeup))
}

// Available is the number of bytes that user space has not read yet, as it was a moment ago.
func (m *RingBuf[T]) Available() uint64 {
	return ringbufQuery(m.use(), 0)
}

// A PerfEventArray carries records of type T to user space through a buffer for each CPU. Linux
// 4.3; a RingBuf is better where the kernel has it.
//
//	var events ebpf.PerfEventArray[Event]
type PerfEventArray[T any] struct {
	MaxEntries uint32 // 0: one for each CPU
	Flags      MapFlags
	Pin        Pinning

	state mapState
}

func (m *PerfEventArray[T]) bpfMap()    {}
func (m *PerfEventArray[T]) carries(*T) {}

const currentCPU = 0xffffffff

// Output copies a record into this CPU's buffer and tells whether there was room. ctx is the
// program's context.
func (m *PerfEventArray[T]) Output(ctx Context, record *T) bool {
	if perfEventOutput(ctx, m.use(), currentCPU, unsafe.Pointer(record), uint64(unsafe.Sizeof(*record))) != 0 {
		countLost(m.use())
		return false
	}
	return true
}
