package tested

import (
	"testing"

	"tinybpf/ebpf"
	"tinybpf/ebpf/ebpftest"
)

func TestLimit(t *testing.T) {
	ebpftest.Start(t)
	ebpftest.Set(t, ebpf.GetCurrentPidTgid, func() uint64 { return 42<<32 | 43 })
	ebpftest.Knob(t, &limit, 2)

	there := &ebpf.SockAddr{UserIP4: ebpf.IPv4Of(192, 0, 2, 1)}
	there.SetPort(443)
	for n, want := range []ebpf.Verdict{ebpf.Allow, ebpf.Allow, ebpf.Deny} {
		if got := limitConnects(there); got != want {
			t.Errorf("connection %d: %v, want %v", n+1, got, want)
		}
	}
	records := ebpftest.Records(&blocked)
	want := Blocked{PID: 42, Addr: ebpf.IPv4Of(192, 0, 2, 1), Port: 443}
	if len(records) != 1 || records[0] != want {
		t.Errorf("records %v, want one %v", records, want)
	}
}

func TestLoopbackIsFree(t *testing.T) {
	ebpftest.Start(t)
	ebpftest.Knob(t, &limit, 0)
	if got := limitConnects(&ebpf.SockAddr{UserIP4: ebpf.IPv4Of(127, 0, 0, 1)}); got != ebpf.Allow {
		t.Errorf("loopback: %v", got)
	}
}
