package ebpf_test

import (
	"fmt"
	"strings"
	"testing"

	"tinybpf/ebpf"
	"tinybpf/ebpf/ebpftest"
)

type counter struct {
	Lock ebpf.SpinLock
	N    uint64
}

// A recorder is a test whose failures are looked at.
type recorder struct {
	testing.TB
	said  []string
	tidy  []func()
	fatal bool
}

func (r *recorder) Helper()          {}
func (r *recorder) Name() string     { return r.TB.Name() + "/recorded" }
func (r *recorder) Cleanup(f func()) { r.tidy = append(r.tidy, f) }
func (r *recorder) Errorf(format string, args ...any) {
	r.said = append(r.said, fmt.Sprintf(format, args...))
}
func (r *recorder) Fatalf(format string, args ...any) {
	r.Errorf(format, args...)
	panic(r)
}

// record runs f as a test, and gives what it failed with.
func record(t *testing.T, f func(t testing.TB)) string {
	r := &recorder{TB: t}
	func() {
		defer func() {
			if p := recover(); p != nil && p != any(r) {
				panic(p)
			}
		}()
		f(r)
	}()
	for i := len(r.tidy) - 1; i >= 0; i-- {
		r.tidy[i]()
	}
	return strings.Join(r.said, "\n")
}

func hasWords(t *testing.T, text string, words ...string) {
	t.Helper()
	for _, word := range words {
		if !strings.Contains(text, word) {
			t.Errorf("%q does not say %q", text, word)
		}
	}
}

var events = ebpf.RingBuf[event]{MaxEntries: 4096}

func forgets(ctx *ebpf.XDP) ebpf.XDPAction {
	events.Reserve()
	return ebpf.XDPPass
}

func TestReservationLeft(t *testing.T) {
	ebpftest.Start(t)
	said := record(t, func(t testing.TB) { ebpftest.Run(t, forgets, &ebpf.XDP{}) })
	hasWords(t, said, "a record of ebpf.RingBuf[ebpf_test.event] was neither submitted nor discarded", "verifier")
	said = record(t, func(t testing.TB) {
		ebpftest.Start(t)
		forgets(&ebpf.XDP{})
	})
	hasWords(t, said, "at the end of the test a record of")
}

func indexes(ctx *ebpf.XDP) ebpf.XDPAction {
	e := events.Reserve()
	e.Name[ctx.RxQueueIndex] = 1
	events.Submit(e)
	return ebpf.XDPDrop
}

func TestPanic(t *testing.T) {
	ebpftest.Start(t)
	equal(t, "result", ebpftest.Run(t, indexes, &ebpf.XDP{RxQueueIndex: 8}), ebpf.XDPDrop)
	said := record(t, func(t testing.TB) { ebpftest.Run(t, indexes, &ebpf.XDP{RxQueueIndex: 9}) })
	hasWords(t, said, "the program panicked", "index out of range [9] with length 9", "ebpf_test.indexes\n", "run_test.go:")
	if strings.Contains(said, "reflect") || strings.Contains(said, "runtime.") {
		t.Errorf("the trace has more than the program: %s", said)
	}
	var none func(*ebpf.XDP) ebpf.XDPAction
	said = record(t, func(t testing.TB) { ebpftest.Run(t, none, nil) })
	hasWords(t, said, "no program", "nil")
	got := ebpftest.Panics(t, indexes, &ebpf.XDP{RxQueueIndex: 10})
	hasWords(t, fmt.Sprint(got), "index out of range [10]")
	equal(t, "records: the reservations were given back", len(ebpftest.Records(&events)), 1)
	equal(t, "room", events.Available(), 0)
	said = record(t, func(t testing.TB) { ebpftest.Panics(t, indexes, &ebpf.XDP{}) })
	hasWords(t, said, "did not panic, and returned XDPDrop")
}

var chain = ebpf.ProgArray{MaxEntries: 4}

var turns uint32

func again(ctx *ebpf.XDP) ebpf.XDPAction {
	turns++
	chain.TailCall(ctx, 0)
	return ebpf.XDPAction(turns)
}

func TestTailCalls(t *testing.T) {
	ebpftest.Start(t)
	ebpftest.Knob(t, &turns, 0)
	equal(t, "result without a program", ebpftest.Run(t, again, &ebpf.XDP{}), 1)
	ebpftest.SetProgram(&chain, 0, again)
	equal(t, "turns", ebpftest.Run(t, again, &ebpf.XDP{}), 1+1+33)
	says(t, func() { again(&ebpf.XDP{}) }, "ebpftest.Run(t, program, ctx)")
	ebpftest.SetProgram(&chain, 0, func(ctx *ebpf.SKB) ebpf.TCAction { return ebpf.TCOK })
	said := record(t, func(t testing.TB) { ebpftest.Run(t, again, &ebpf.XDP{}) })
	hasWords(t, said, "*ebpf.SKB", "*ebpf.XDP")
	ebpftest.SetProgram(&chain, 0, func(ctx *ebpf.XDP) ebpf.TCAction { return ebpf.TCOK })
	said = record(t, func(t testing.TB) { ebpftest.Run(t, again, &ebpf.XDP{}) })
	hasWords(t, said, "ebpf.TCAction", "ebpf.XDPAction")
	says(t, func() { ebpftest.SetProgram(&chain, 4, again) }, "no index 4")
	equal(t, "past the end", ebpftest.Run(t, func(ctx *ebpf.XDP) ebpf.XDPAction {
		chain.TailCall(ctx, 4)
		return ebpf.XDPTX
	}, &ebpf.XDP{}), ebpf.XDPTX)
}

func TestTailCallWithReservation(t *testing.T) {
	ebpftest.Start(t)
	ebpftest.SetProgram(&chain, 0, indexes)
	said := record(t, func(t testing.TB) {
		ebpftest.Run(t, func(ctx *ebpf.XDP) ebpf.XDPAction {
			events.Reserve()
			chain.TailCall(ctx, 0)
			return ebpf.XDPPass
		}, &ebpf.XDP{})
	})
	hasWords(t, said, "tail call", "a record of", "verifier")
}

func TestLocks(t *testing.T) {
	ebpftest.Start(t)
	m := ebpf.Array[counter]{MaxEntries: 2}
	c, other := m.Lookup(0), m.Lookup(1)
	c.Lock.Lock()
	says(t, c.Lock.Lock, "held already", "deadlock")
	says(t, other.Lock.Lock, "one at a time")
	says(t, func() { m.Lookup(0) }, "map lookup while a SpinLock is held")
	says(t, func() { ebpf.Printk("x") }, "Printk while a SpinLock is held")
	c.Lock.Unlock()
	says(t, c.Lock.Unlock, "not held")

	said := record(t, func(t testing.TB) {
		ebpftest.Run(t, func(ctx *ebpf.XDP) ebpf.XDPAction { c.Lock.Lock(); return 0 }, nil)
	})
	hasWords(t, said, "a SpinLock was not unlocked")
	c.Lock.Lock() // was given back
	c.Lock.Unlock()
}

func TestFakes(t *testing.T) {
	ebpftest.Start(t)
	t.Run("within", func(t *testing.T) {
		ebpftest.Set(t, ebpf.GetCurrentPidTgid, func() uint64 { return 1<<32 | 2 })
		equal(t, "PID, TID", []uint32{ebpf.PID(), ebpf.TID()}, []uint32{1, 2})
		t.Run("within", func(t *testing.T) {
			ebpftest.Set(t, ebpf.GetCurrentPidTgid, func() uint64 { return 3 << 32 })
			equal(t, "PID", ebpf.PID(), 3)
		})
		equal(t, "PID after the inner test", ebpf.PID(), 1)
	})
	if ebpf.PID() < 4 {
		t.Errorf("PID after the test: %d", ebpf.PID())
	}
	says(t, func() { ebpf.CurrentTask() }, "ebpf.GetCurrentTask has no native implementation", "ebpftest.Set")
	says(t, func() { ebpftest.Set[func()](t, nil, nil) }, "not a helper")
	says(t, func() { ebpftest.Set(t, ebpf.GetCurrentTask, nil) }, "nil cannot stand")
	says(t, func() { ebpftest.Set(t, ebpf.PID, func() uint32 { return 1 }) },
		"ebpf.PID is not a helper", "ebpf.GetCurrentPidTgid")
	says(t, func() { ebpftest.Set(t, ebpf.CurrentComm, nil) }, "ebpf.CurrentComm is not a helper")
}

func TestProcessAndClock(t *testing.T) {
	ebpftest.Start(t)
	t.Run("within", func(t *testing.T) {
		now := uint64(5e9)
		ebpftest.Clock(t, &now)
		start := ebpf.Now()
		now += 1500
		equal(t, "time", ebpf.Now().Sub(start), 1500)
		ebpftest.As(t, ebpftest.Process{PID: 42, UID: 1000, GID: 100, Comm: "cat"})
		var comm ebpf.Comm
		equal(t, "comm", ebpf.CurrentComm(&comm), 0)
		equal(t, "process", []any{ebpf.PID(), ebpf.TID(), ebpf.UID(), ebpf.GID(), comm},
			[]any{uint32(42), uint32(42), uint32(1000), uint32(100), ebpf.Comm{'c', 'a', 't'}})
		ebpftest.As(t, ebpftest.Process{PID: 42, TID: 43})
		equal(t, "thread", ebpf.TID(), 43)
	})
	if ebpf.Now() == 5e9+1500 || ebpf.TID() == 43 {
		t.Error("a fake is there after its test")
	}
	said := record(t, func(t testing.TB) { ebpftest.As(t, ebpftest.Process{Comm: "sixteen bytes it"}) })
	hasWords(t, said, "16 bytes", "15")
}

func TestParallelTestsAreRefused(t *testing.T) {
	ebpftest.Start(t)
	other := &named{recorder{TB: t}}
	func() {
		defer func() { recover() }()
		ebpftest.Start(other)
	}()
	hasWords(t, strings.Join(other.said, ""), "TestParallelTestsAreRefused is running", "t.Parallel")
}

type named struct{ recorder }

func (*named) Name() string { return "TestOther" }

func TestPrintk(t *testing.T) {
	ebpftest.Start(t)
	comm := ebpf.Comm{'s', 'h'}
	ebpf.Printk("%s %d %x\n", &comm, -5, uint8(255))
	ebpf.Printk("%v %t", ebpf.XDPDrop, true) // the kernel does not know the name
	equal(t, "trace", ebpftest.Trace(), []string{"sh -5 ff", "1 true"})
	const thirteen = "%d %d %d %d %d %d %d %d %d %d %d %d %d"
	says(t, func() { ebpf.Printk(thirteen, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13) }, "13 arguments", "12")
	ebpf.Printk("%s", &[2000]byte{0: 'x', 1999: 'y'})
	equal(t, "last line", ebpftest.Trace()[2], "x")
	ebpftest.Start(t)
	equal(t, "trace", len(ebpftest.Trace()), 0)
}
