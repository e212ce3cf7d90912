package bpf

import (
	"testing"

	"tinybpf/ebpf"
	"tinybpf/ebpf/ebpftest"
)

func start(t *testing.T) {
	ebpftest.Start(t)
	ebpftest.Set(t, ebpf.GetCurrentPidTgid, func() uint64 { return 42<<32 | 43 })
	blocked.Update(25, 0)
}

func TestAllowed(t *testing.T) {
	start(t)
	to := &ebpf.SockAddr{UserIP4: ebpf.IPv4Of(192, 0, 2, 1)}
	to.SetPort(443)
	if got := ebpftest.Run(t, connect4, to); got != ebpf.Allow {
		t.Errorf("IPv4: %v", got)
	}
	if got := ebpftest.Run(t, connect6, to); got != ebpf.Allow {
		t.Errorf("IPv6: %v", got)
	}
	if n := blocked.Lookup(25); *n != 0 {
		t.Errorf("%d attempts counted", *n)
	}
	if reported := ebpftest.Records(&denied); len(reported) != 0 {
		t.Errorf("reported: %v", reported)
	}
}

func TestDenied(t *testing.T) {
	start(t)
	addr4, addr6 := ebpf.IPv4Of(192, 0, 2, 1), ebpf.IPv6Of(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1)
	to := &ebpf.SockAddr{UserIP4: addr4, UserIP6: addr6}
	to.SetPort(25)
	if got := ebpftest.Run(t, connect4, to); got != ebpf.Deny {
		t.Errorf("IPv4: %v", got)
	}
	if got := ebpftest.Run(t, connect6, to); got != ebpf.Deny {
		t.Errorf("IPv6: %v", got)
	}
	if n := blocked.Lookup(25); *n != 2 {
		t.Errorf("%d attempts counted", *n)
	}
	reported := ebpftest.Records(&denied)
	for i := range reported {
		reported[i].Comm = ebpf.Comm{} // of the test binary
	}
	want := []Denied{
		{PID: 42, Family: INET, Addr4: addr4, Port: 25},
		{PID: 42, Family: INET6, Addr6: addr6, Port: 25},
	}
	if len(reported) != 2 || reported[0] != want[0] || reported[1] != want[1] {
		t.Errorf("reported %v, want %v", reported, want)
	}
}
