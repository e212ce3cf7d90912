package same

import (
	"encoding/json"
	"net/netip"
	"os"
	"testing"

	"tinybpf/ebpf"
	"tinybpf/ebpf/ebpftest"
)

// An answer is what was seen of one program.
type answer struct {
	Returned []int
	Results  []int64
	Packets  [][]byte // after the program
	Records  [][3]int // number, size, last byte of the text
	Lost     []uint64
	Entries  int
}

func packets() [][]byte {
	a, b := netip.MustParseAddrPort("192.0.2.1:4711"), netip.MustParseAddrPort("198.51.100.2:53")
	c, d := netip.MustParseAddrPort("[2001:db8::1]:1"), netip.MustParseAddrPort("[::1]:2")
	all := [][]byte{
		ebpftest.UDP(a, b, []byte("hello")),
		ebpftest.TCP(a, b, ebpf.TCPSyn|ebpf.TCPEce, nil),
		ebpftest.Ping(a.Addr(), b.Addr(), nil),
		ebpftest.UDP(c, d, []byte("hello")),
		ebpftest.TCP(c, d, ebpf.TCPFin, []byte("x")),
		ebpftest.Ping(c.Addr(), d.Addr(), nil),
		ebpftest.VLAN(77, ebpftest.UDP(a, b, nil)),
		ebpftest.ARP(a.Addr(), b.Addr()),
		ebpftest.IPv4WithOptions(a.Addr(), b.Addr(), ebpf.ProtoUDP, []byte{1, 1, 1, 0}, []byte{0, 1, 0, 2, 0, 8, 0, 0}),
	}
	for n := 14; n < len(all[0]); n++ { // the kernel's test runs take no fewer
		all = append(all, all[0][:n])
	}
	return all
}

// TestRun writes down what the programs do natively, for the test that runs them in the kernel.
func TestRun(t *testing.T) {
	steps, err := os.ReadFile("ops.bin")
	if err != nil {
		t.Fatal(err)
	}
	copy(ops[:], steps)
	answers := map[string]answer{}
	for name, program := range map[string]func(*ebpf.XDP) ebpf.XDPAction{
		"pointers": pointers, "random": random, "room": room,
		"again": again, "forEach": forEach, "order": order, "fill": fill, "measure": measure, "headers": headers,
	} {
		t.Run(name, func(t *testing.T) {
			ebpftest.Start(t)
			written, number = 0, 0
			ebpftest.SetProgram(&chain, 0, again)
			var got answer
			given := [][]byte{make([]byte, 64)}
			switch name {
			case "headers":
				given = packets()
			case "order", "fill":
				given = [][]byte{make([]byte, 64), make([]byte, 64), make([]byte, 64)}
			}
			for _, packet := range given {
				ctx := ebpftest.XDP(packet)
				got.Returned = append(got.Returned, int(ebpftest.Run(t, program, ctx)))
				got.Packets = append(got.Packets, ebpftest.Packet(ctx))
				for _, r := range ebpftest.Records(&ring) {
					got.Records = append(got.Records, [3]int{int(r.N), int(r.Size), int(r.Text[12])})
				}
				ebpftest.Records(&wideRing)
			}
			got.Results = ebpftest.Values(&results)[:written]
			got.Lost = []uint64{ebpftest.Lost(&ring), ebpftest.Lost(&wideRing), ebpftest.Lost(&tooWide)}
			got.Entries = len(ebpftest.Entries(&lru))
			answers[name] = got
		})
	}
	text, err := json.Marshal(map[string]any{"given": packets(), "answers": answers})
	if err == nil {
		err = os.WriteFile("native.json", text, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
}
