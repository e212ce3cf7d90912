package bpf

import (
	"net/netip"
	"testing"

	"tinybpf/ebpf"
	"tinybpf/ebpf/ebpftest"
)

func addr(port string) netip.AddrPort  { return netip.MustParseAddrPort("192.0.2.2:" + port) }
func addr6(port string) netip.AddrPort { return netip.MustParseAddrPort("[2001:db8::2]:" + port) }

func TestFilter(t *testing.T) {
	here, here6 := addr("4711"), addr6("4711")
	withOptions := ebpftest.IPv4WithOptions(here.Addr(), addr("25").Addr(), ebpf.ProtoTCP,
		[]byte{1, 1, 1, 1}, ebpftest.TCP(here, addr("25"), ebpf.TCPSyn, nil)[34:])
	fragment := ebpftest.TCP(here, addr("25"), ebpf.TCPSyn, nil)
	fragment[21] = 8 // at 64 bytes of the whole packet
	cases := []struct {
		what  string
		frame []byte
		want  ebpf.TCAction
	}{
		{"TCP 25", ebpftest.TCP(here, addr("25"), ebpf.TCPSyn, nil), ebpf.TCShot},
		{"TCP 25 over IPv6", ebpftest.TCP(here6, addr6("25"), ebpf.TCPSyn, nil), ebpf.TCShot},
		{"TCP 25 after IPv4 options", withOptions, ebpf.TCShot},
		{"UDP 25", ebpftest.UDP(here, addr("25"), nil), ebpf.TCUnspec},
		{"TCP 26", ebpftest.TCP(here, addr("26"), ebpf.TCPSyn, nil), ebpf.TCUnspec},
		{"from port 25", ebpftest.TCP(addr("25"), here, ebpf.TCPSyn, nil), ebpf.TCUnspec},
		{"a later fragment", fragment, ebpf.TCUnspec},
		{"a ping", ebpftest.Ping(here.Addr(), here.Addr(), nil), ebpf.TCUnspec},
		{"ARP", ebpftest.ARP(here.Addr(), here.Addr()), ebpf.TCUnspec},
		{"cut in the ports", ebpftest.TCP(here, addr("25"), ebpf.TCPSyn, nil)[:36], ebpf.TCUnspec},
	}
	smtp := Service{Port: 25, Protocol: TCP}
	for _, c := range cases {
		ebpftest.Start(t)
		blocked.Update(smtp, 0)
		if got := ebpftest.Run(t, filter, ebpftest.SKB(c.frame)); got != c.want {
			t.Errorf("%s: %v, want %v", c.what, got, c.want)
		}
		reported := ebpftest.Records(&drops)
		if c.want != ebpf.TCShot {
			if len(reported) != 0 || *blocked.Lookup(smtp) != 0 {
				t.Errorf("%s: reported %v, counted %d", c.what, reported, *blocked.Lookup(smtp))
			}
			continue
		}
		want := Drop{To: smtp, Len: uint32(len(c.frame))}
		if len(reported) != 1 || reported[0] != want || *blocked.Lookup(smtp) != 1 {
			t.Errorf("%s: reported %v, counted %d", c.what, reported, *blocked.Lookup(smtp))
		}
	}
}
