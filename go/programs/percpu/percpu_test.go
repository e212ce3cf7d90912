package percpu

import (
	"net/netip"
	"reflect"
	"testing"

	"tinybpf/ebpf"
	"tinybpf/ebpf/ebpftest"
)

func TestEachCPUCounts(t *testing.T) {
	ebpftest.Start(t)
	from, to := netip.MustParseAddrPort("192.0.2.1:1"), netip.MustParseAddrPort("192.0.2.2:2")
	datagram := ebpftest.UDP(from, to, make([]byte, 58)) // 100 bytes
	for _, cpu := range []int{0, 3, 3} {
		ebpftest.OnCPU(t, cpu)
		if got := ebpftest.Run(t, count, ebpftest.SKB(datagram)); got != ebpf.TCUnspec {
			t.Errorf("result: %v", got)
		}
	}
	ebpftest.Run(t, count, ebpftest.SKB(ebpftest.TCP(from, to, ebpf.TCPSyn, nil)))
	ebpftest.Run(t, count, ebpftest.SKB(ebpftest.ARP(from.Addr(), to.Addr())))

	want := []Traffic{{1, 100}, {}, {}, {2, 200}}
	if got := ebpftest.PerCPU(&traffic, ebpf.ProtoUDP); !reflect.DeepEqual(got, want) {
		t.Errorf("UDP: %v, want %v", got, want)
	}
	want = []Traffic{{}, {}, {}, {1, 54}}
	if got := ebpftest.PerCPU(&traffic, ebpf.ProtoTCP); !reflect.DeepEqual(got, want) {
		t.Errorf("TCP: %v, want %v", got, want)
	}
}
