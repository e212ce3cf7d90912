"""Sources of any length: how the time to compile grows with the lines.

Each part of such a source is a program as one writes it: its maps and records, a program that takes
packets or watches a system call, and functions that it calls; some functions are called by all programs.
"""

from __future__ import annotations

import time
from collections import defaultdict

from benchmarks.compiling import PAUSE
from benchmarks.timing import Sample

LINES = (1_000, 10_000)
"""The lengths that are compared."""

SHARED = """\
// Package large is a source of many lines.
package large

import (
	"sync/atomic"

	"tinybpf/ebpf"
)

// A Counter counts packets and their bytes.
type Counter struct {
	Packets uint64
	Bytes   uint64
}

// add counts one packet.
func (c *Counter) add(size uint32) {
	atomic.AddUint64(&c.Packets, 1)
	atomic.AddUint64(&c.Bytes, uint64(size))
}

// mix is one step of a hash.
func mix(hash, word uint32) uint32 {
	hash ^= word
	hash *= 0x9e3779b1
	return hash<<13 | hash>>19
}

// bucket is the power of two that a number falls under.
func bucket(number uint64) uint32 {
	found := uint32(0)
	for number > 1 && found < 63 {
		number >>= 1
		found++
	}
	return found
}

// local tells whether an address is one of a private network.
func local(address ebpf.IPv4Addr) bool {
	number := address.Uint32()
	switch number >> 24 {
	case 10, 127:
		return true
	case 172:
		return number>>20 == 172<<4|1
	}
	return number>>16 == 192<<8|168
}
"""

PACKETS = """
// A Flow@ is who talks to whom.
type Flow@ struct {
	Src, Dst         ebpf.IPv4Addr
	SrcPort, DstPort uint16
	Proto            uint8
	_                [3]byte
}

// A Verdict@ is what becomes of a packet.
type Verdict@ uint32

const (
	Unknown@ Verdict@ = iota
	Allowed@
	Limited@
	Blocked@
)

var (
	flows@  = ebpf.LRUHash[Flow@, Counter]{MaxEntries: 4096}
	sizes@  = ebpf.PerCPUArray[uint64]{MaxEntries: 64}
	limit@  uint32 = 1500
	denied@ = [4]uint16{23, 135, 139, 445}
)

// hash spreads the flows.
func (f *Flow@) hash() uint32 {
	sum := mix(@, uint32(f.SrcPort)<<16|uint32(f.DstPort))
	for i := range 4 {
		sum = mix(sum, (f.Src.Uint32()^f.Dst.Uint32())>>(8*i))
	}
	return sum
}

// classify@ says what becomes of a packet of a flow.
func classify@(flow *Flow@, size uint32) Verdict@ {
	for _, port := range denied@ {
		if flow.DstPort == port {
			return Blocked@
		}
	}
	switch {
	case flow.Proto == ebpf.ProtoTCP && flow.DstPort < 1024:
		return Allowed@
	case size > limit@:
		return Limited@
	case local(flow.Src) && local(flow.Dst):
		return Allowed@
	}
	if flow.hash()&0xff == @&0xff {
		return Limited@
	}
	return Unknown@
}

// observe@ counts a packet.
func observe@(flow *Flow@, size uint32) {
	if known := flows@.Lookup(*flow); known != nil {
		known.add(size)
	} else {
		flows@.Update(*flow, Counter{Packets: 1, Bytes: uint64(size)})
	}
	if slot := sizes@.Lookup(bucket(uint64(size))); slot != nil {
		*slot++
	}
}

//bpf:section xdp
func filter@(ctx *ebpf.XDP) ebpf.XDPAction {
	eth := ebpf.Header[ebpf.Ethernet](ctx, 0)
	if eth == nil || eth.Type.Uint16() != ebpf.EtherTypeIPv4 {
		return ebpf.XDPPass
	}
	ip := ebpf.Header[ebpf.IPv4](ctx, ebpf.EthernetLen)
	if ip == nil {
		return ebpf.XDPPass
	}
	size := uint32(ip.TotalLen.Uint16())
	flow := Flow@{Src: ip.Src, Dst: ip.Dst, Proto: ip.Protocol}
	if udp := ebpf.Header[ebpf.UDP](ctx, ebpf.EthernetLen+20); udp != nil {
		flow.SrcPort, flow.DstPort = udp.SrcPort.Uint16(), udp.DstPort.Uint16()
	}
	observe@(&flow, size)
	if classify@(&flow, size) == Blocked@ {
		return ebpf.XDPDrop
	}
	return ebpf.XDPPass
}
"""

CALLS = """
// A Call@ is one slow call.
type Call@ struct {
	PID   uint32
	Took  uint64
	Slot  uint32
	Comm  ebpf.Comm
	Words [8]uint64
}

type window@ struct {
	last  [8]uint64
	next  uint32
	total uint64
}

var (
	begun@   = ebpf.Hash[uint32, uint64]{MaxEntries: 1024}
	windows@ = ebpf.Hash[uint32, window@]{MaxEntries: 1024}
	slow@    = ebpf.RingBuf[Call@]{MaxEntries: 1 << 16}
	least@   uint64 = 1000 + @
)

// push keeps the last eight times and their sum.
func (w *window@) push(took uint64) {
	at := w.next & 7
	w.total += took - w.last[at]
	w.last[at] = took
	w.next++
}

// average is that of the window.
func (w *window@) average() uint64 {
	filled := uint64(min(w.next, 8))
	if filled == 0 {
		return 0
	}
	return w.total / filled
}

// report@ tells user space of a call.
func report@(pid uint32, took uint64, seen *window@) {
	call := slow@.Reserve()
	if call == nil {
		return
	}
	call.PID, call.Took, call.Slot = pid, took, bucket(took)
	ebpf.CurrentComm(&call.Comm)
	for i := range seen.last {
		call.Words[i] = seen.last[i] ^ uint64(mix(uint32(i), pid))
	}
	slow@.Submit(call)
}

//bpf:section tracepoint/raw_syscalls/sys_enter
func enter@(ctx *ebpf.SysEnter) int32 {
	begun@.Update(ebpf.TID(), ebpf.KtimeGetNs())
	return 0
}

//bpf:section tracepoint/raw_syscalls/sys_exit
func leave@(ctx *ebpf.SysExit) int32 {
	thread, pid := ebpf.TID(), ebpf.PID()
	since := begun@.Lookup(thread)
	if since == nil {
		return 0
	}
	took := ebpf.KtimeGetNs() - *since
	begun@.Delete(thread)
	seen := windows@.Lookup(pid)
	if seen == nil {
		windows@.Update(pid, window@{})
		return 0
	}
	seen.push(took)
	if took > least@ && took > 2*seen.average() {
		report@(pid, took, seen)
	}
	return 0
}
"""


def source(lines: int) -> str:
    """Go of at least ``lines`` lines, and fewer than a part more."""
    parts, number = [SHARED], 0
    have = SHARED.count("\n")
    while have < lines:
        part = (PACKETS, CALLS)[number % 2].replace("@", str(number))
        parts.append(part)
        have += part.count("\n")
        number += 1
    return "".join(parts)


def measure(lines: int, runs: int) -> tuple[Sample, dict[str, Sample]]:
    """Warm compiles of so many lines: seconds in all, and of each stage."""
    from tinybpf.compiler import compile_go

    text = source(lines)
    took, stages = [], defaultdict(list)
    for run in range(runs + 1):
        began = time.perf_counter()
        made = compile_go(text)
        whole = time.perf_counter() - began
        time.sleep(PAUSE)
        if not run:
            continue
        took.append(whole)
        for name, seconds in made.stages.items():
            stages[name].append(seconds)
    return Sample(tuple(took)), {name: Sample(tuple(s)) for name, s in stages.items()}
