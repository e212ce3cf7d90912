package several

import (
	"net/netip"
	"testing"

	"tinybpf/ebpf"
	"tinybpf/ebpf/ebpftest"
)

var (
	peer = netip.MustParseAddrPort("192.0.2.1:443")
	us   = netip.MustParseAddrPort("192.0.2.9:50000")
)

func TestPacketsOfAPeer(t *testing.T) {
	ebpftest.Start(t)
	ebpftest.As(t, ebpftest.Process{PID: 42})
	there := &ebpf.SockAddr{UserIP4: ebpf.IPv4Of(192, 0, 2, 1)}
	there.SetPort(443)
	if got := ebpftest.Run(t, remember, there); got != ebpf.Allow {
		t.Errorf("connect: %v", got)
	}

	for range 2 {
		answer := ebpftest.SKB(ebpftest.TCP(peer, us, ebpf.TCPAck, []byte("hello")))
		if got := ebpftest.Run(t, mark, answer); got != ebpf.TCUnspec || answer.Mark != 42 {
			t.Errorf("a packet of the peer: %v, mark %d", got, answer.Mark)
		}
	}
	own := ebpftest.SKB(ebpftest.TCP(us, peer, ebpf.TCPAck, nil))
	if ebpftest.Run(t, mark, own); own.Mark != 0 {
		t.Errorf("a packet of somebody else: mark %d", own.Mark)
	}
	v6 := ebpftest.SKB(ebpftest.Ping(netip.MustParseAddr("::1"), netip.MustParseAddr("::2"), nil))
	if ebpftest.Run(t, mark, v6); v6.Mark != 0 {
		t.Errorf("a packet of IPv6: mark %d", v6.Mark)
	}

	got := ebpftest.Entries(&peers)
	want := Peer{PID: 42, Port: 443, Packets: 2}
	if len(got) != 1 || got[ebpf.IPv4Of(192, 0, 2, 1)] != want {
		t.Errorf("peers: %+v", got)
	}
}

func TestEnded(t *testing.T) {
	ebpftest.Start(t)
	for range 3 {
		ended(&ebpf.RawTracepoint{})
	}
	if got := ebpftest.Values(&exits); got[0] != 3 {
		t.Errorf("exits: %v", got)
	}
}
