package bpf

import (
	"testing"

	"tinybpf/ebpf"
	"tinybpf/ebpf/ebpftest"
)

const read, write = 0, 1

func call(t *testing.T, pid, tid uint64, nr int32, took uint64) {
	var now uint64 = 1e9
	ebpftest.Set(t, ebpf.GetCurrentPidTgid, func() uint64 { return pid<<32 | tid })
	ebpftest.Set(t, ebpf.KtimeGetNs, func() uint64 { return now })
	ebpftest.Run(t, enter, &ebpf.SysEnter{Nr: nr})
	now += took
	ebpftest.Run(t, exit, &ebpf.SysExit{Nr: nr})
}

func TestHistograms(t *testing.T) {
	ebpftest.Start(t)
	for _, took := range []uint64{0, 1, 1000, 1023, 1024, 5e9} {
		call(t, 42, 43, read, took)
	}
	call(t, 1, 1, write, 100)

	got := ebpftest.Entries(&latency)
	var reads, writes ebpf.Histogram
	for slot, n := range map[int]uint64{0: 1, 1: 1, 10: 2, 11: 1, 33: 1} {
		reads.Slots[slot] = n
	}
	writes.Slots[7] = 1
	if len(got) != 2 || got[read] != reads || got[write] != writes {
		t.Errorf("histograms: %v", got)
	}
	if left := ebpftest.Entries(&began); len(left) != 0 {
		t.Errorf("calls that have not ended: %v", left)
	}
}

func TestOneProcess(t *testing.T) {
	ebpftest.Start(t)
	ebpftest.Knob(t, &target, 42)
	call(t, 41, 41, read, 1)
	call(t, 42, 43, write, 1)
	if got := ebpftest.Entries(&latency); len(got) != 1 || got[write].Slots[1] != 1 {
		t.Errorf("histograms: %v", got)
	}
}
