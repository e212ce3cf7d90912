"""Functions that stay functions: what the kernel knows is handed to them, and what is held is released."""

from __future__ import annotations

import struct
from collections.abc import Callable

import pytest

from tinybpf import BpfObject

pytestmark = pytest.mark.kernel

Load = Callable[..., BpfObject]
PANICKED = -14 & 0xFFFFFFFF

SOURCE = """
type args struct{ N, M uint64 }
type pair struct {
	Key, Value uint64
	lock ebpf.SpinLock
}
type event struct{ N, Of uint64 }

var byKey = ebpf.Hash[uint64, pair]{MaxEntries: 8}
var events = ebpf.RingBuf[event]{MaxEntries: 4096}
var lengths = ebpf.Array[uint64]{MaxEntries: 4}
var table [8]uint64

//go:noinline
func bump(p *pair, by uint64) uint64 {
	p.Value += by
	return p.Value
}

//go:noinline
func find(key uint64) *pair { return byKey.Lookup(key) }

//go:noinline
func fill(e *event, n uint64) {
	e.N = n
	e.Of = table[n] // a panic while the caller holds the record
}

//go:noinline
func take(n uint64) *event {
	e := events.Reserve()
	if e != nil {
		e.Of = 7
	}
	return e
}

//go:noinline
func give(e *event) { events.Submit(e) }

//go:noinline
func locked(p *pair, n uint64) uint64 {
	p.lock.Lock()
	p.Value += n
	v := p.Value
	p.lock.Unlock()
	return v
}

//go:noinline
func argument(ctx *args, second bool) uint64 {
	if second {
		return ctx.M
	}
	return ctx.N
}

//go:noinline
func counted(n, to uint64) (total, turns uint64) {
	ebpf.Loop(uint32(n), func(i uint32) bool {
		total += table[uint64(i)+to] + 1
		turns++
		return turns < 100
	})
	return
}

//bpf:section syscall
func values(ctx *args) int32 {
	p := find(ctx.N)
	if p == nil {
		return -1
	}
	return int32(bump(p, ctx.M)*2 + locked(p, 3))
}

//bpf:section syscall
func nilValue(ctx *args) int32 { return int32(bump(find(ctx.N), 1)) }

//bpf:section syscall
func records(ctx *args) int32 {
	e := take(ctx.N)
	if e == nil {
		return 1
	}
	fill(e, ctx.N)
	e.Of += table[ctx.M]
	give(e)
	return 0
}

//bpf:section syscall
func context(ctx *args) int32 {
	return int32(argument(ctx, false)*10 + argument(ctx, true))
}

//bpf:section syscall
func loops(ctx *args) int32 {
	total, turns := counted(ctx.N, ctx.M)
	return int32(total*1000 + turns)
}
"""

PACKETS = """
var seen [4]uint64

//go:noinline
func ports(h *ebpf.TCP) (uint16, uint16) { return h.SrcPort.Uint16(), h.DstPort.Uint16() }

//go:noinline
func header(ctx *ebpf.XDP, offset uint32) *ebpf.TCP { return ebpf.Header[ebpf.TCP](ctx, offset) }

//bpf:section xdp
func t(ctx *ebpf.XDP) ebpf.XDPAction {
	for i := uint32(0); i < 2; i++ {
		h := header(ctx, 40*i+uint32(seen[3]))
		if h == nil {
			return ebpf.XDPDrop
		}
		source, dest := ports(h)
		seen[i] = uint64(source)<<16 + uint64(dest)
	}
	return ebpf.XDPPass
}
"""


def run(obj: BpfObject, program: str, n: int, m: int = 0) -> int:
    return obj.program(program).test_run(ctx=struct.pack("<QQ", n, m)).retval


def test_map_values_and_locks(load: Load) -> None:
    obj = load(SOURCE)
    obj.map("byKey")[5] = struct.pack("<QQQ", 5, 100, 0)
    assert run(obj, "values", 4) == 0xFFFFFFFF
    assert run(obj, "values", 5, 20) == 2 * 120 + 123
    assert run(obj, "values", 5, 1) == 2 * 124 + 127


def test_a_nil_value_is_a_panic_where_it_is_used(load: Load) -> None:
    obj = load(SOURCE)
    obj.map("byKey")[5] = struct.pack("<QQQ", 5, 100, 0)
    assert run(obj, "nilValue", 5) == 101
    assert run(obj, "nilValue", 6) == PANICKED
    assert obj.panics == 1


def test_records_are_discarded_whoever_panics(load: Load) -> None:
    obj = load(SOURCE, table=[1, 2, 3, 4, 5, 6, 7, 8])
    for _ in range(50):
        assert run(obj, "records", 8, 1) == PANICKED
        assert run(obj, "records", 1, 8) == PANICKED
    assert run(obj, "records", 3, 2) == 0
    assert [(e.N, e.Of) for e in obj.ring_buffer("events", timeout=0.05)] == [(3, 7)]
    assert obj.panics == 100 and obj.lost("events") == 0


def test_the_context(load: Load) -> None:
    assert run(load(SOURCE), "context", 4, 5) == 45


def test_callbacks_in_a_subprogram(load: Load) -> None:
    obj = load(SOURCE, table=[1, 2, 3, 4, 5, 6, 7, 8])
    assert run(obj, "loops", 3, 5) == (6 + 7 + 8 + 3) * 1000 + 3
    assert run(obj, "loops", 3, 6) == PANICKED
    assert run(obj, "loops", 0, 6) == 0


def test_packets(load: Load) -> None:
    obj = load(PACKETS)
    packet = bytes([0, 80, 1, 187, *bytes(36), 1, 2, 3, 4, *bytes(16)])
    assert obj.program("t").test_run(packet).retval == 2
    assert list(obj.globals["seen"])[:2] == [80 << 16 | 443, 0x102 << 16 | 0x304]
    obj.globals["seen"] = [0, 0, 0, 1]
    assert obj.program("t").test_run(packet).retval == 1
    assert list(obj.globals["seen"])[:2] == [0x5001 << 16 | 0xBB00, 0]
