// Package ebpftest runs programs of package ebpf in Go tests: without a kernel, without root.
//
//	func TestDrop(t *testing.T) {
//		ebpftest.Start(t)
//		ebpftest.Knob(t, &port, 53)
//		from, to := netip.MustParseAddrPort("192.0.2.1:4711"), netip.MustParseAddrPort("192.0.2.2:53")
//		got := ebpftest.Run(t, dropPort, ebpftest.XDP(ebpftest.UDP(from, to, []byte("hello"))))
//		if got != ebpf.XDPDrop {
//			t.Errorf("a packet to the port: %v", got)
//		}
//	}
//
// Maps are in memory and keep to the kernel's rules. What helpers give is set by Set; some have a
// native implementation. A program is a Go function: it may be called as such, and Run calls it as
// the kernel does.
//
// Maps, fakes and the current CPU are there once for the test binary, as a program's package
// variables are: tests that use them must not run in parallel with each other (t.Parallel), and
// Start fails where they do. Goroutines within one test may run programs at the same time.
package ebpftest

import (
	"strings"
	"sync"
	"testing"
	"unsafe"

	"tinybpf/ebpf"
	"tinybpf/ebpf/internal/mem"
)

// CPUs is how many CPUs there are: per-CPU maps have so many values for a key.
const CPUs = mem.CPUs

// active are the names of the tests that have started and not ended, the outermost first.
var active struct {
	sync.Mutex
	names []string
}

// Start begins a test: all maps are empty, with the options that their variables have now; the
// trace, packets and memory are empty, and programs run on CPU 0. When the test ends the same is
// done, after the test has failed where a program kept a reserved record or a lock. Subtests may
// call Start too.
//
// Package variables of the program keep their values; Knob sets one for a test only.
func Start(t testing.TB) {
	t.Helper()
	if other := enter(t.Name()); other != "" {
		t.Fatalf("ebpftest.Start: %s is running, and maps are there only once: tests of programs cannot "+
			"run in parallel (t.Parallel)", other)
	}
	reset()
	t.Cleanup(func() {
		t.Helper()
		for _, what := range mem.Release() {
			t.Errorf("at the end of the test %s", what)
		}
		reset()
		leave(t.Name())
	})
}

// enter notes that a test has begun; it gives the name of the one that is in its way.
func enter(name string) (other string) {
	active.Lock()
	defer active.Unlock()
	if n := len(active.names); n > 0 {
		outer := active.names[n-1]
		if name != outer && !strings.HasPrefix(name, outer+"/") {
			return outer
		}
	}
	active.names = append(active.names, name)
	return ""
}

func leave(name string) {
	active.Lock()
	defer active.Unlock()
	for i := len(active.names) - 1; i >= 0; i-- {
		if active.names[i] == name {
			active.names = append(active.names[:i], active.names[i+1:]...)
			return
		}
	}
}

func reset() {
	mem.Release()
	mem.ResetMaps()
	mem.ResetTrace()
	mem.ResetContexts()
	mem.User.Reset()
	mem.Kernel.Reset()
	mem.SetCPU(0)
}

// Set lets fake stand for a helper of package ebpf until the test ends:
//
//	ebpftest.Set(t, ebpf.GetCurrentPidTgid, func() uint64 { return 42<<32 | 43 })
//
// What is made of the helper, such as ebpf.PID, gives what the fake gives. The methods of maps do
// not ask: a map is full because it is small (Knob).
func Set[F any](t testing.TB, helper F, fake F) {
	t.Helper()
	t.Cleanup(mem.Set(helper, fake))
}

// A Process is what programs see of the current task.
type Process struct {
	PID, TID uint32 // TID 0: that of the main thread, the PID
	UID, GID uint32
	Comm     string // up to 15 bytes
}

// As lets programs run in a process until the test ends or sets another one:
//
//	ebpftest.As(t, ebpftest.Process{PID: 42, UID: 1000, Comm: "cat"})
func As(t testing.TB, p Process) {
	t.Helper()
	if len(p.Comm) >= len(ebpf.Comm{}) {
		t.Fatalf("ebpftest.As: the name %q has %d bytes; the kernel keeps 15", p.Comm, len(p.Comm))
	}
	tid := p.TID
	if tid == 0 {
		tid = p.PID
	}
	Set(t, ebpf.GetCurrentPidTgid, func() uint64 { return uint64(p.PID)<<32 | uint64(tid) })
	Set(t, ebpf.GetCurrentUidGid, func() uint64 { return uint64(p.GID)<<32 | uint64(p.UID) })
	Set(t, ebpf.GetCurrentComm, func(buf unsafe.Pointer, size uint32) int64 {
		if size == 0 {
			return -int64(ebpf.EINVAL)
		}
		text := unsafe.Slice((*byte)(buf), size)
		clear(text)
		copy(text[:size-1], p.Comm)
		return 0
	})
}

// Clock lets ebpf.Now and the helpers for the time since boot give what *now has, until the test
// ends:
//
//	now := uint64(1e9)
//	ebpftest.Clock(t, &now)
//	enter(ctx)
//	now += 500
//	exit(ctx)
func Clock(t testing.TB, now *uint64) {
	t.Helper()
	for _, helper := range []func() uint64{ebpf.KtimeGetNs, ebpf.KtimeGetBootNs, ebpf.KtimeGetCoarseNs} {
		Set(t, helper, func() uint64 { return *now })
	}
}

// Knob sets a package variable of the program, or an option of a map before its first use, until
// the test ends:
//
//	ebpftest.Knob(t, &limit, 3)
//	ebpftest.Knob(t, &flows.MaxEntries, 2)
func Knob[T any](t testing.TB, knob *T, value T) {
	t.Helper()
	before := *knob
	*knob = value
	t.Cleanup(func() { *knob = before })
}

// OnCPU lets programs run on a CPU, 0 to CPUs-1, until the test ends or sets another one.
func OnCPU(t testing.TB, cpu int) {
	t.Helper()
	if cpu < 0 || cpu >= CPUs {
		t.Fatalf("ebpftest.OnCPU: there is no CPU %d; there are 0 to %d", cpu, CPUs-1)
	}
	before := mem.SetCPU(cpu)
	t.Cleanup(func() { mem.SetCPU(before) })
}

// Trace gives the lines that ebpf.Printk has written since Start.
func Trace() []string { return mem.Trace() }
