package bpf

import (
	"testing"

	"tinybpf/ebpf"
	"tinybpf/ebpf/ebpftest"
)

// at runs the program: the thread leaves its CPU at the time.
func at(t *testing.T, ns uint64, tid uint32, preempted uint64) {
	ebpftest.Set(t, ebpf.KtimeGetNs, func() uint64 { return ns })
	ebpftest.Set(t, ebpf.GetCurrentPidTgid, func() uint64 { return 7<<32 | uint64(tid) })
	ebpftest.Run(t, switched, &ebpf.RawTracepoint{Args: [12]uint64{preempted}})
}

func TestSwitches(t *testing.T) {
	ebpftest.Start(t)
	at(t, 1000, 5, 0) // when it began is not known
	at(t, 1100, 0, 0) // idle
	at(t, 1130, 5, 1)
	at(t, 1200, 6, 0)
	at(t, 1300, 5, 0)

	got := ebpftest.Entries(&threads)
	if len(got) != 2 {
		t.Errorf("threads %v, want 5 and 6", got)
	}
	if five := got[5]; five.Ran != 130 || five.Switches != 2 || five.Preempted != 1 {
		t.Errorf("thread 5: %+v", five)
	}
	if six := got[6]; six.Ran != 70 || six.Switches != 1 || six.Preempted != 0 {
		t.Errorf("thread 6: %+v", six)
	}
}

func TestEachCPUHasItsTime(t *testing.T) {
	ebpftest.Start(t)
	at(t, 1000, 5, 0)
	ebpftest.OnCPU(t, 1)
	at(t, 5000, 6, 0) // the first switch on this CPU
	at(t, 5010, 5, 0)
	if got := ebpftest.Entries(&threads); len(got) != 1 || got[5].Ran != 10 {
		t.Errorf("threads %v, want 5 with 10 ns", got)
	}
}
