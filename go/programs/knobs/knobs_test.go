package knobs

import (
	"testing"

	"tinybpf/ebpf"
	"tinybpf/ebpf/ebpftest"
)

// sleepFor is a call that takes so long, of thread 43 in process 42.
func sleepFor(t *testing.T, took uint64) {
	now := uint64(5e9)
	ebpftest.Clock(t, &now)
	ebpftest.As(t, ebpftest.Process{PID: 42, TID: 43, Comm: "sleep"})
	enter(&ebpf.SysEnter{})
	now += took
	exit(&ebpf.SysExit{})
}

func TestSlowCallsOnly(t *testing.T) {
	ebpftest.Start(t)
	ebpftest.Knob(t, &minNs, 1000)
	sleepFor(t, 999)
	sleepFor(t, 1000)
	got := ebpftest.Records(&sleeps)
	if len(got) != 1 || got[0] != (Sleep{PID: 42, Comm: ebpf.Comm{'s', 'l', 'e', 'e', 'p'}, Took: 1000}) {
		t.Errorf("records: %+v", got)
	}
	if left := ebpftest.Entries(&began); len(left) != 0 {
		t.Errorf("calls that have ended are still there: %v", left)
	}
}

func TestTarget(t *testing.T) {
	ebpftest.Start(t)
	for pid, want := range map[uint32]int{41: 0, 42: 1} {
		ebpftest.Knob(t, &target, pid)
		sleepFor(t, 2e6)
		if got := ebpftest.Records(&sleeps); len(got) != want {
			t.Errorf("process 42, target %d: %+v", pid, got)
		}
	}
}

func TestEndWithoutBeginning(t *testing.T) {
	ebpftest.Start(t)
	exit(&ebpf.SysExit{})
	if got := ebpftest.Records(&sleeps); len(got) != 0 {
		t.Errorf("records: %+v", got)
	}
}
