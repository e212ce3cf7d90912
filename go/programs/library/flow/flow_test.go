package flow

import (
	"net/netip"
	"testing"

	"tinybpf/ebpf"
	"tinybpf/ebpf/ebpftest"
)

func TestOf(t *testing.T) {
	ebpftest.Start(t)
	a, b := netip.MustParseAddrPort("10.0.0.1:53"), netip.MustParseAddrPort("10.0.0.2:5353")
	datagram := ebpftest.UDP(a, b, nil)
	want := Flow{
		Src: ebpf.IPv4Of(10, 0, 0, 1), Dst: ebpf.IPv4Of(10, 0, 0, 2),
		SrcPort: ebpf.NewBE16(53), DstPort: ebpf.NewBE16(5353), Protocol: ebpf.ProtoUDP,
	}
	var got Flow
	if !Of(ebpftest.XDP(datagram), &got) || got != want {
		t.Errorf("in an XDP program: %+v", got)
	}
	got = Flow{}
	if !Of(ebpftest.SKB(datagram), &got) || got != want {
		t.Errorf("in a tc program: %+v", got)
	}
	for n := range datagram {
		if Of(ebpftest.XDP(datagram[:n]), &got) {
			t.Errorf("%d bytes of the packet are taken for all of it", n)
		}
	}
}
