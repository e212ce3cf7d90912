// Package bpf follows connections through the states of TCP: a struct with methods, kept in a map.
package bpf

import "tinybpf/ebpf"

type state uint8

const (
	closed state = iota
	opening
	established
	finWait
	closeWait
	lastAck
	timeWait
)

// A conn is what is known of a connection.
type conn struct {
	State    state
	Resets   uint8
	Changes  uint16
	Segments uint32
	Bytes    uint64
}

func (c *conn) enter(s state) {
	if c.State != s {
		c.State = s
		c.Changes++
	}
}

func (c *conn) reset() {
	c.enter(closed)
	c.Resets++
}

// segment is a step of the machine; ours tells who sent it.
func (c *conn) segment(flags ebpf.TCPFlags, ours bool, length uint16) {
	c.Segments++
	c.Bytes += uint64(length)
	if flags&ebpf.TCPRst != 0 {
		c.reset()
		return
	}
	switch c.State {
	case closed, timeWait:
		if flags&ebpf.TCPSyn != 0 {
			c.enter(opening)
		}
	case opening:
		if flags&ebpf.TCPAck != 0 {
			c.enter(established)
		}
	case established:
		if flags&ebpf.TCPFin != 0 {
			if ours {
				c.enter(finWait)
			} else {
				c.enter(closeWait)
			}
		}
	case finWait:
		if flags&ebpf.TCPFin != 0 && !ours {
			c.enter(timeWait)
		}
	case closeWait:
		if flags&ebpf.TCPFin != 0 && ours {
			c.enter(lastAck)
		}
	case lastAck:
		if flags&ebpf.TCPAck != 0 {
			c.enter(closed)
		}
	}
}

var conns = ebpf.Hash[uint32, conn]{MaxEntries: 1024}

type event struct {
	Conn   ebpf.BE32
	Flags  ebpf.TCPFlags
	Ours   uint8
	Length ebpf.BE16
}

const events = 16

//bpf:section xdp
func follow(ctx *ebpf.XDP) ebpf.XDPAction {
	all := ebpf.Header[[events]event](ctx, ebpf.EthernetLen+2)
	if all == nil {
		return ebpf.XDPDrop
	}
	for i := range all {
		e := &all[i]
		c := conns.LookupOrZero(e.Conn.Uint32())
		if c == nil {
			return ebpf.XDPDrop
		}
		c.segment(e.Flags, e.Ours != 0, e.Length.Uint16())
	}
	return ebpf.XDPPass
}
