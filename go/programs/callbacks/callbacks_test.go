package callbacks

import (
	"slices"
	"testing"

	"tinybpf/ebpf"
	"tinybpf/ebpf/ebpftest"
)

func TestBusiest(t *testing.T) {
	ebpftest.Start(t)
	for pid, opens := range map[uint32]int{7: 2, 8: 5, 9: 1} {
		ebpftest.As(t, ebpftest.Process{PID: pid})
		for range opens {
			count(&ebpf.SysEnter{})
		}
	}
	report(&ebpf.SysEnter{})
	if got := ebpftest.Trace(); !slices.Equal(got, []string{"process 8 has opened 5 files"}) {
		t.Errorf("trace: %q", got)
	}
}

func TestNobody(t *testing.T) {
	ebpftest.Start(t)
	report(&ebpf.SysEnter{})
	if got := ebpftest.Trace(); !slices.Equal(got, []string{"process 0 has opened 0 files"}) {
		t.Errorf("trace: %q", got)
	}
}
