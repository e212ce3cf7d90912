package tailcalls

import (
	"net/netip"
	"testing"

	"tinybpf/ebpf"
	"tinybpf/ebpf/ebpftest"
)

func TestDispatch(t *testing.T) {
	ebpftest.Start(t)
	from, to := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2")
	ping := ebpftest.Ping(from, to, []byte("hello"))

	if got := ebpftest.Run(t, dispatch, ebpftest.XDP(ping)); got != ebpf.XDPPass {
		t.Errorf("a ping, and no program for it: %v", got)
	}
	ebpftest.SetProgram(&byProtocol, ebpf.ProtoICMP, icmp)
	if got := ebpftest.Run(t, dispatch, ebpftest.XDP(ping)); got != ebpf.XDPDrop {
		t.Errorf("a ping: %v", got)
	}
	datagram := ebpftest.UDP(netip.AddrPortFrom(from, 1), netip.AddrPortFrom(to, 2), nil)
	if got := ebpftest.Run(t, dispatch, ebpftest.XDP(datagram)); got != ebpf.XDPPass {
		t.Errorf("a datagram: %v", got)
	}
	if got := ebpftest.Values(&pings); got[0] != 1 {
		t.Errorf("pings: %v", got)
	}
}
