package bpf

import (
	"testing"

	"tinybpf/ebpf"
	"tinybpf/ebpf/ebpftest"
)

// A sockaddr6 is the kernel's struct sockaddr_in6.
type sockaddr6 struct {
	Family Family
	Port   ebpf.BE16
	Flow   uint32
	Addr   ebpf.IPv6Addr
	Scope  uint32
}

// connectTo runs the program for a call of connect with the address, and gives what it reported.
func connectTo(t *testing.T, addr uint64) []Connection {
	ebpftest.Set(t, ebpf.GetCurrentPidTgid, func() uint64 { return 42<<32 | 43 })
	ebpftest.Run(t, connect, &ebpf.SysEnter{Args: [6]uint64{3, addr, 28}})
	reported := ebpftest.Records(&connections)
	for i := range reported {
		reported[i].Comm = ebpf.Comm{} // of the test binary
	}
	return reported
}

func TestIPv4(t *testing.T) {
	ebpftest.Start(t)
	to := ebpf.IPv4Of(192, 0, 2, 1)
	got := connectTo(t, ebpftest.User(sockaddr{Family: INET, Port: ebpf.NewBE16(443), Addr4: to}))
	want := Connection{PID: 42, Family: INET, Port: ebpf.NewBE16(443), Addr4: to}
	if len(got) != 1 || got[0] != want {
		t.Errorf("reported %v, want %v", got, want)
	}
}

func TestIPv6(t *testing.T) {
	ebpftest.Start(t)
	to := ebpf.IPv6Of(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1)
	got := connectTo(t, ebpftest.User(sockaddr6{Family: INET6, Port: ebpf.NewBE16(22), Flow: 99, Addr: to}))
	want := Connection{PID: 42, Family: INET6, Port: ebpf.NewBE16(22), Addr6: to}
	if len(got) != 1 || got[0] != want {
		t.Errorf("reported %v, want %v", got, want)
	}
}

func TestOthersAreNotReported(t *testing.T) {
	ebpftest.Start(t)
	for what, addr := range map[string]uint64{
		"AF_UNIX":                ebpftest.User(sockaddr{Family: 1}),
		"an address that lies":   12345,
		"IPv6 that is too short": ebpftest.User(sockaddr{Family: INET6}),
	} {
		if got := connectTo(t, addr); len(got) != 0 {
			t.Errorf("%s: reported %v", what, got)
		}
	}
}
