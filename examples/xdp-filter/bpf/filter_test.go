package bpf

import (
	"net/netip"
	"testing"

	"tinybpf/ebpf"
	"tinybpf/ebpf/ebpftest"
)

var (
	evil  = netip.MustParseAddrPort("198.51.100.7:4711")
	good  = netip.MustParseAddrPort("203.0.113.9:4711")
	here  = netip.MustParseAddrPort("192.0.2.1:53")
	evil6 = netip.MustParseAddrPort("[2001:db8::7]:4711")
	here6 = netip.MustParseAddrPort("[2001:db8::1]:53")
)

func TestFilter(t *testing.T) {
	fromEvil := ebpftest.UDP(evil, here, []byte("hello"))
	cases := []struct {
		what  string
		frame []byte
		want  ebpf.XDPAction
	}{
		{"UDP from the network", fromEvil, ebpf.XDPDrop},
		{"TCP from the network", ebpftest.TCP(evil, here, ebpf.TCPSyn, nil), ebpf.XDPDrop},
		{"a ping from the network", ebpftest.Ping(evil.Addr(), here.Addr(), nil), ebpf.XDPDrop},
		{"with a VLAN tag", ebpftest.VLAN(7, fromEvil), ebpf.XDPDrop},
		{"from elsewhere", ebpftest.UDP(good, here, nil), ebpf.XDPPass},
		{"to the network", ebpftest.UDP(here, evil, nil), ebpf.XDPPass},
		{"IPv6", ebpftest.UDP(evil6, here6, nil), ebpf.XDPPass},
		{"ARP", ebpftest.ARP(evil.Addr(), here.Addr()), ebpf.XDPPass},
		{"cut in the IP header", fromEvil[:33], ebpf.XDPPass},
		{"cut in the tag", ebpftest.VLAN(7, fromEvil)[:16], ebpf.XDPPass},
		{"cut in the Ethernet header", fromEvil[:10], ebpf.XDPPass},
	}
	for _, c := range cases {
		ebpftest.Start(t)
		blocked.Update(24, ebpf.IPv4Of(198, 51, 100, 0), 0)
		if got := ebpftest.Run(t, filter, ebpftest.XDP(c.frame)); got != c.want {
			t.Errorf("%s: %v, want %v", c.what, got, c.want)
		}
		var want uint64
		if c.want == ebpf.XDPDrop {
			want = 1
		}
		if n := blocked.Lookup(ebpf.IPv4Of(198, 51, 100, 0)); *n != want {
			t.Errorf("%s: %d packets counted, want %d", c.what, *n, want)
		}
	}
}

func TestTheLongestPrefixCounts(t *testing.T) {
	ebpftest.Start(t)
	blocked.Update(16, ebpf.IPv4Of(198, 51, 0, 0), 0)
	blocked.Update(32, ebpf.IPv4Of(198, 51, 100, 7), 0)
	ebpftest.Run(t, filter, ebpftest.XDP(ebpftest.UDP(evil, here, nil)))
	counts := ebpftest.Prefixes(&blocked)
	host := ebpf.LPMKey[ebpf.IPv4Addr]{PrefixLen: 32, Addr: ebpf.IPv4Of(198, 51, 100, 7)}
	if len(counts) != 2 || counts[host] != 1 {
		t.Errorf("counts: %v", counts)
	}
}
