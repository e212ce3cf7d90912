package library

import (
	"net/netip"
	"testing"

	"tinybpf/ebpf"
	"tinybpf/ebpf/ebpftest"
	"tinybpf/programs/library/flow"
)

func TestFlows(t *testing.T) {
	ebpftest.Start(t)
	a, b := netip.MustParseAddrPort("192.0.2.1:4711"), netip.MustParseAddrPort("192.0.2.2:443")
	for _, packet := range [][]byte{
		ebpftest.TCP(a, b, ebpf.TCPSyn, nil),
		ebpftest.TCP(a, b, ebpf.TCPAck, []byte("hello")),
		ebpftest.TCP(b, a, ebpf.TCPAck, nil),
		ebpftest.UDP(a, b, nil),
		ebpftest.Ping(a.Addr(), b.Addr(), nil),
	} {
		if got := ebpftest.Run(t, ingress, ebpftest.SKB(packet)); got != ebpf.TCUnspec {
			t.Errorf("result: %v", got)
		}
	}
	there := flow.Flow{
		Src: ebpf.IPv4Of(192, 0, 2, 1), Dst: ebpf.IPv4Of(192, 0, 2, 2),
		SrcPort: ebpf.NewBE16(4711), DstPort: ebpf.NewBE16(443), Protocol: ebpf.ProtoTCP,
	}
	back := flow.Flow{
		Src: there.Dst, Dst: there.Src, SrcPort: there.DstPort, DstPort: there.SrcPort, Protocol: ebpf.ProtoTCP,
	}
	udp := there
	udp.Protocol = ebpf.ProtoUDP
	got := ebpftest.Entries(&flows)
	if len(got) != 3 || got[there] != 2 || got[back] != 1 || got[udp] != 1 {
		t.Errorf("flows: %+v", got)
	}
}
