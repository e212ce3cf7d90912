package ebpf_test

import (
	"encoding/hex"
	"encoding/json"
	"os"
	"testing"
	"unsafe"

	"tinybpf/ebpf"
	"tinybpf/ebpf/ebpftest"
)

// A recorded call is one that was made in the kernel, and what came out of it.
type recorded struct {
	Helper string
	Text   string
	Args   []uint64
	Result int64
	Value  uint64
	Packet string
}

// TestCallsAsInTheKernel makes the calls of testdata/calls.json;
// tests/golang_package/test_defaults.py makes them in the kernel.
func TestCallsAsInTheKernel(t *testing.T) {
	ebpftest.Start(t)
	data, err := os.ReadFile("testdata/calls.json")
	if err != nil {
		t.Fatal(err)
	}
	var all struct {
		Packet string
		Calls  []recorded
	}
	if err := json.Unmarshal(data, &all); err != nil {
		t.Fatal(err)
	}
	frame, err := hex.DecodeString(all.Packet)
	if err != nil || len(all.Calls) < 100 {
		t.Fatal(len(all.Calls), err)
	}
	for _, want := range all.Calls {
		got := want
		skb := ebpftest.SKB(frame)
		got.call(skb)
		got.Packet = hex.EncodeToString(ebpftest.Packet(skb))
		if want.Packet == "" {
			want.Packet = all.Packet
		}
		if got.Result != want.Result || got.Value != want.Value || got.Packet != want.Packet {
			t.Errorf("%s %q %d:\n got %d %#x %s\nwant %d %#x %s", want.Helper, want.Text, want.Args,
				got.Result, got.Value, got.Packet, want.Result, want.Value, want.Packet)
		}
	}
}

// call makes the call as the kernel's program does, and keeps what comes out of it.
func (c *recorded) call(skb *ebpf.SKB) {
	c.Value = 0
	value := unsafe.Pointer(&c.Value)
	var text [56]byte
	copy(text[:], c.Text)
	switch c.Helper {
	case "Strtol":
		c.Result = ebpf.Strtol(at(&text), c.Args[0], c.Args[1], (*int64)(value))
	case "Strtoul":
		c.Result = ebpf.Strtoul(at(&text), c.Args[0], c.Args[1], &c.Value)
	case "SkbLoadBytes":
		c.Result = ebpf.SkbLoadBytes(skb, uint32(c.Args[0]), value, 8)
	case "SkbStoreBytes":
		c.Value = c.Args[1]
		c.Result = ebpf.SkbStoreBytes(skb, uint32(c.Args[0]), value, 8, c.Args[2])
	case "SkbPullData":
		c.Result = ebpf.SkbPullData(skb, uint32(c.Args[0]))
	case "L3CsumReplace":
		c.Result = ebpf.L3CsumReplace(skb, uint32(c.Args[0]), c.Args[1], c.Args[2], c.Args[3])
	case "L4CsumReplace":
		c.Result = ebpf.L4CsumReplace(skb, uint32(c.Args[0]), c.Args[1], c.Args[2], c.Args[3])
	case "CsumDiff":
		c.Result = ebpf.CsumDiff(at(&text), uint32(c.Args[0]), at(&c.Args[2]), uint32(c.Args[1]), 7)
	default:
		panic(c.Helper)
	}
}
