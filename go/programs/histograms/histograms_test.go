package histograms

import (
	"testing"

	"tinybpf/ebpf"
	"tinybpf/ebpf/ebpftest"
)

func TestReads(t *testing.T) {
	ebpftest.Start(t)
	now := uint64(1e9)
	ebpftest.Clock(t, &now)
	for _, call := range []struct {
		pid  uint32
		took uint64
		cpu  int
	}{{7, 0, 0}, {7, 1, 0}, {7, 1023, 1}, {8, 1024, 1}, {8, 2047, 1}} {
		ebpftest.OnCPU(t, call.cpu)
		ebpftest.As(t, ebpftest.Process{PID: call.pid})
		enter(&ebpf.SysEnter{})
		now += call.took
		exit(&ebpf.SysExit{})
	}
	exit(&ebpf.SysExit{}) // whose beginning nobody saw

	of := func(slots map[int]uint64) (h ebpf.Histogram) {
		for i, n := range slots {
			h.Slots[i] = n
		}
		return h
	}
	each := ebpftest.PerCPU(&all, 0)
	if each[0] != of(map[int]uint64{0: 1, 1: 1}) || each[1] != of(map[int]uint64{10: 1, 11: 2}) {
		t.Errorf("all: %v", each)
	}
	by := ebpftest.Entries(&byProcess)
	if len(by) != 2 || by[7] != of(map[int]uint64{0: 1, 1: 1, 10: 1}) || by[8] != of(map[int]uint64{11: 2}) {
		t.Errorf("by process: %v", by)
	}
}
