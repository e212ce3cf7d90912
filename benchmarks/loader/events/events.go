// Package events fills a ring buffer: a record of 64 bytes for each run of its program.
package events

import "tinybpf/ebpf"

// An Event has 64 bytes.
type Event struct {
	Number uint64
	PID    uint32
	Kind   uint32
	Data   [48]byte
}

var (
	events = ebpf.RingBuf[Event]{MaxEntries: 16 << 20}
	number uint64
)

//bpf:section xdp
func fill(ctx *ebpf.XDP) ebpf.XDPAction {
	number++
	e := Event{Number: number, PID: uint32(number) & 0xffff, Kind: uint32(number) & 7}
	events.Output(&e)
	return ebpf.XDPPass
}
