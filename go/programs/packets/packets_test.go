package packets

import (
	"net/netip"
	"testing"

	"tinybpf/ebpf"
	"tinybpf/ebpf/ebpftest"
)

var (
	client = netip.MustParseAddrPort("192.0.2.1:4711")
	server = netip.MustParseAddrPort("192.0.2.2:9999")
	other  = netip.MustParseAddrPort("192.0.2.2:9998")
)

func TestDropPort(t *testing.T) {
	ebpftest.Start(t)
	datagram := ebpftest.UDP(client, server, []byte("hello"))
	fragment := append([]byte(nil), datagram...)
	fragment[ebpf.EthernetLen+7] = 1 // fragment offset
	options := ebpftest.IPv4WithOptions(client.Addr(), server.Addr(), ebpf.ProtoUDP,
		[]byte{1, 1, 1, 0}, datagram[ebpf.EthernetLen+ebpf.IPv4Len:])

	for _, c := range []struct {
		name   string
		packet []byte
		want   ebpf.XDPAction
	}{
		{"to the port", datagram, ebpf.XDPDrop},
		{"with IPv4 options", options, ebpf.XDPDrop},
		{"to another port", ebpftest.UDP(client, other, nil), ebpf.XDPPass},
		{"TCP", ebpftest.TCP(client, server, ebpf.TCPSyn, nil), ebpf.XDPPass},
		{"a later fragment", fragment, ebpf.XDPPass},
		{"IPv6", ebpftest.UDP(netip.MustParseAddrPort("[::1]:1"), netip.MustParseAddrPort("[::1]:9999"), nil), ebpf.XDPPass},
		{"ARP", ebpftest.ARP(client.Addr(), server.Addr()), ebpf.XDPPass},
		{"cut in the UDP header", datagram[:ebpf.EthernetLen+ebpf.IPv4Len+ebpf.UDPLen-1], ebpf.XDPPass},
		{"nothing", nil, ebpf.XDPPass},
	} {
		if got := ebpftest.Run(t, dropPort, ebpftest.XDP(c.packet)); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

func TestOtherPort(t *testing.T) {
	ebpftest.Start(t)
	ebpftest.Knob(t, &port, 9998)
	for to, want := range map[netip.AddrPort]ebpf.XDPAction{server: ebpf.XDPPass, other: ebpf.XDPDrop} {
		if got := ebpftest.Run(t, dropPort, ebpftest.XDP(ebpftest.UDP(client, to, nil))); got != want {
			t.Errorf("to %v: %v, want %v", to, got, want)
		}
	}
}

// FuzzDropPort is a test of the packets that Go's fuzzer thinks of: go test -fuzz DropPort.
func FuzzDropPort(f *testing.F) {
	f.Add(ebpftest.UDP(client, server, []byte("hello")))
	f.Add(ebpftest.TCP(client, server, ebpf.TCPSyn, nil))
	f.Fuzz(func(t *testing.T, packet []byte) {
		ebpftest.Start(t)
		got := ebpftest.Run(t, dropPort, ebpftest.XDP(packet))
		if got == ebpf.XDPDrop && len(packet) < ebpf.EthernetLen+ebpf.IPv4Len {
			t.Errorf("%d bytes are dropped", len(packet))
		}
	})
}
