"""Functions that the kernel calls back: function literals with what they capture, and functions by name."""

from __future__ import annotations

import struct
from collections.abc import Callable

import pytest

from tinybpf import BpfObject

pytestmark = pytest.mark.kernel

Load = Callable[..., BpfObject]
PANICKED = -14 & 0xFFFFFFFF

SOURCE = """
type args struct{ N, At uint64 }
type pair struct{ Key, Value uint64 }

var m = ebpf.Hash[uint64, pair]{MaxEntries: 16}
var perCPU = ebpf.PerCPUHash[uint32, uint64]{MaxEntries: 4}
var events = ebpf.RingBuf[pair]{MaxEntries: 4096}
var table [8]uint64
var sums [4]uint64
var calls uint64

//bpf:section raw_tracepoint/sys_enter
func never(ctx *ebpf.RawTracepoint) int32 { return 0 }

//bpf:section syscall
func sum(ctx *args) uint32 {
	var total uint64
	at := ctx.At
	turns := ebpf.Loop(uint32(ctx.N), func(i uint32) bool {
		total += uint64(i)
		sums[1]++
		return uint64(i) != at
	})
	sums[0] = total
	return turns
}

//bpf:section syscall
func panics(ctx *args) int32 {
	n, at := ctx.N, ctx.At
	e := events.Reserve()
	if e == nil {
		return 1
	}
	ebpf.Loop(uint32(n), func(i uint32) bool {
		e.Value += uint64(i) + table[uint64(i)+at]
		return true
	})
	e.Key = n
	events.Submit(e)
	return 0
}

func counted(i uint32) bool {
	calls += 2
	return i < 2
}

//bpf:section syscall
func named(ctx *args) uint32 { return ebpf.Loop(uint32(ctx.N), counted) }

//bpf:section syscall
func nested(ctx *args) int32 {
	var cells uint64
	n := uint32(ctx.N)
	ebpf.Loop(n, func(i uint32) bool {
		ebpf.Loop(i, func(j uint32) bool {
			cells += uint64(i) * uint64(j)
			return true
		})
		return true
	})
	sums[2] = cells
	return 0
}

//bpf:section syscall
func walk(ctx *args) int32 {
	limit := ctx.N
	var most, keys uint64
	m.ForEach(func(key *uint64, value *pair) bool {
		if value.Value > limit {
			return false
		}
		if value.Value > most {
			most = value.Value
		}
		keys += *key
		value.Key++
		return true
	})
	sums[3] = most
	return int32(keys)
}

//bpf:section syscall
func many(ctx *args) int32 {
	a, b, c, d, e, f := ctx.N, ctx.N+1, ctx.N+2, ctx.N+3, ctx.N+4, ctx.N+5
	ebpf.Loop(3, func(i uint32) bool {
		a, b, c, d, e, f = b, c, d, e, f, a
		return true
	})
	return int32(a*100000 + b*10000 + c*1000 + d*100 + e*10 + f)
}
"""


def run(obj: BpfObject, program: str, n: int, at: int = 0) -> int:
    return obj.program(program).test_run(ctx=struct.pack("QQ", n, at)).retval


def test_a_literal_changes_what_it_captures(load: Load) -> None:
    obj = load(SOURCE)
    assert run(obj, "sum", 100_000, 1 << 40) == 100_000
    assert obj.globals["sums"][0] == sum(range(100_000))
    assert run(obj, "sum", 1000, 9) == 10  # the turn that said no counts
    assert list(obj.globals["sums"])[:2] == [45, 100_010]
    assert run(obj, "sum", 0) == 0
    assert run(obj, "many", 1) == 456123


def test_a_panic_ends_the_program_and_releases_what_is_held(load: Load) -> None:
    obj = load(SOURCE)
    assert run(obj, "panics", 4, 4) == 0
    assert run(obj, "panics", 4, 5) == PANICKED
    assert run(obj, "panics", 4, 1 << 60) == PANICKED
    assert obj.panics == 2
    assert run(obj, "panics", 2, 0) == 0
    assert [(e.Key, e.Value) for e in obj.ring_buffer("events", timeout=0.05)] == [(4, 6), (2, 1)]


def test_a_function_by_name(load: Load) -> None:
    obj = load(SOURCE)
    assert run(obj, "named", 10) == 3
    assert obj.globals["calls"] == 6


def test_callbacks_in_callbacks(load: Load) -> None:
    obj = load(SOURCE)
    run(obj, "nested", 7)
    assert obj.globals["sums"][2] == sum(i * j for i in range(7) for j in range(i))


def test_each_entry_of_a_map(load: Load) -> None:
    obj = load(SOURCE)
    pairs = obj.map("m")
    for key in (1, 2, 4):
        pairs[key] = struct.pack("QQ", 0, key * 10)
    assert run(obj, "walk", 100) == 7
    assert obj.globals["sums"][3] == 40
    assert {key: value.Key for key, value in pairs.items()} == {1: 1, 2: 1, 4: 1}
    assert run(obj, "walk", 5) == 0


COUNTERS = """
type args struct{ N uint64 }

var out [4]uint64

//bpf:section syscall
func prog(ctx *args) int32 {
	var count, inner uint64
	var small uint8
	var signed int32 = -3
	limit := uint64(5)
	ebpf.Loop(uint32(ctx.N), func(i uint32) bool {
		count++
		small += 3
		signed++
		ebpf.Loop(10, func(j uint32) bool {
			inner++
			return inner%7 != 0
		})
		return count < limit*100 && small != 250 && signed < 1000
	})
	out = [4]uint64{count, inner, uint64(small), uint64(signed)}
	return 0
}
"""


def counted(n: int) -> list[int]:
    """What the program computes, in Python."""
    count = inner = small = 0
    signed = -3
    for _ in range(n):
        count, small, signed = count + 1, (small + 3) & 255, signed + 1
        for _ in range(10):
            inner += 1
            if inner % 7 == 0:
                break
        if not (count < 500 and small != 250 and signed < 1000):
            break
    return [count, inner, small, signed & (1 << 64) - 1]


def test_counters_that_callbacks_compare(load: Load) -> None:
    """The verifier knows them at first: it must not go through each of their values."""
    obj = load(COUNTERS)
    for n in (0, 3, 50, 1000):
        obj.program("prog").test_run(ctx=struct.pack("Q", n))
        assert list(obj.globals["out"]) == counted(n)
