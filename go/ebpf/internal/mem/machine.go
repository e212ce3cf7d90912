package mem

import (
	"bytes"
	"fmt"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"
)

// CPUs is how many CPUs the machine in memory has.
const CPUs = 4

var currentCPU atomic.Int32

// CPU is the CPU on which programs run.
func CPU() int { return int(currentCPU.Load()) }

// SetCPU lets programs run on another CPU, and gives the one before.
func SetCPU(cpu int) (before int) {
	if cpu < 0 || cpu >= CPUs {
		panic(fmt.Sprintf("there is no CPU %d: ebpftest has CPUs 0 to %d", cpu, CPUs-1))
	}
	return int(currentCPU.Swap(int32(cpu)))
}

// goroutine is the number of the goroutine that calls.
func goroutine() int64 {
	var text [64]byte
	words := bytes.Fields(text[:runtime.Stack(text[:], false)])
	n, err := strconv.ParseInt(string(words[1]), 10, 64)
	if err != nil {
		panic("ebpf: the runtime names goroutines in another way: " + string(text[:]))
	}
	return n
}

// locked are the spin locks that are held, and by which goroutine.
var locked struct {
	sync.Mutex
	by   map[*uint32]int64
	held atomic.Int32
}

// Lock takes a spin lock. It waits for other goroutines, and panics where it would wait for ever.
func Lock(lock *uint32) {
	me := goroutine()
	for end := time.Now().Add(10 * time.Second); ; runtime.Gosched() {
		if tryLock(lock, me) {
			return
		}
		if time.Now().After(end) {
			panic("SpinLock.Lock: another goroutine has held the lock for 10 seconds: deadlock")
		}
	}
}

func tryLock(lock *uint32, me int64) bool {
	locked.Lock()
	defer locked.Unlock()
	for held, by := range locked.by {
		switch {
		case by == me && held == lock:
			panic("SpinLock.Lock: the lock is held already: deadlock")
		case by == me:
			panic("SpinLock.Lock: another lock is held, and the verifier allows one at a time")
		}
	}
	if _, taken := locked.by[lock]; taken {
		return false
	}
	if locked.by == nil {
		locked.by = map[*uint32]int64{}
	}
	locked.by[lock] = me
	locked.held.Add(1)
	return true
}

// Unlock gives a spin lock back.
func Unlock(lock *uint32) {
	locked.Lock()
	defer locked.Unlock()
	if by, taken := locked.by[lock]; !taken || by != goroutine() {
		panic("SpinLock.Unlock: the lock is not held: the verifier refuses the program")
	}
	delete(locked.by, lock)
	locked.held.Add(-1)
}

// holds tells whether a goroutine has a lock.
func holds(me int64) bool {
	locked.Lock()
	defer locked.Unlock()
	for _, by := range locked.by {
		if by == me {
			return true
		}
	}
	return false
}

// mayCall panics where a helper is called while a lock is held.
func mayCall(what string) {
	if locked.held.Load() != 0 && holds(goroutine()) {
		panic(what + " while a SpinLock is held: the verifier allows no helper between Lock and Unlock")
	}
}

// unlockAll gives back the locks of a goroutine, of all where it is 0, and tells how many there were.
func unlockAll(me int64) (n int) {
	locked.Lock()
	defer locked.Unlock()
	for lock, by := range locked.by {
		if me == 0 || by == me {
			delete(locked.by, lock)
			locked.held.Add(-1)
			n++
		}
	}
	return n
}

// release gives back what a goroutine's program holds, as the end of a program by a panic does,
// and says what that was; that of all goroutines where it is 0.
func release(me int64) (what []string) {
	if unlockAll(me) > 0 {
		what = append(what, "a SpinLock was not unlocked")
	}
	for _, r := range held(me) {
		what = append(what, fmt.Sprintf("a record of %v was neither submitted nor discarded", r.in.of.Spec))
		Discard(r.data.pointer())
	}
	return what
}

// Release gives back what all programs hold, and says what that was.
func Release() []string { return release(0) }

var zeroMemory [8 << 10]uint64

// Zeros is the address of size zero bytes.
func Zeros(size uintptr) unsafe.Pointer {
	if size > unsafe.Sizeof(zeroMemory) {
		return newBlock(size).pointer()
	}
	return unsafe.Pointer(&zeroMemory)
}
