package ebpf

// A SpinLock in a map's value guards the value's other fields. Between Lock and Unlock no
// helper and no function may be called. Programs of sections tracepoint, raw_tracepoint, kprobe,
// uprobe, perf_event and socket cannot lock: they have sync/atomic and per-CPU maps. Linux 5.1.
type SpinLock struct{ val uint32 }

// Lock waits until nobody holds the lock.
func (l *SpinLock) Lock() { spinLock(l) }

// Unlock gives the lock back. A panic does it, too.
func (l *SpinLock) Unlock() { spinUnlock(l) }
