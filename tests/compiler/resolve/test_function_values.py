"""Function values that programs call: one of a table, a method with its receiver, one that captures."""

from __future__ import annotations

import struct
from collections.abc import Callable

import pytest
from observing import observed

from tinybpf import BpfObject

pytestmark = pytest.mark.kernel

Load = Callable[..., BpfObject]

SOURCE = """
var offset uint64 = 7
var table = [...]func(uint64) uint64{double, square, func(n uint64) uint64 { return n + offset }}

func double(n uint64) uint64 { return 2 * n }
func square(n uint64) uint64 { return n * n }

type step struct{ by uint64 }

func (s *step) up(n uint64) uint64 {
	s.by++
	return n + s.by
}

//bpf:section raw_tp
func chosen(ctx *ebpf.RawTracepoint) int32 { return int32(table[ctx.Args[0]%3](ctx.Args[1])) }

//bpf:section raw_tp
func bound(ctx *ebpf.RawTracepoint) int32 {
	s := step{by: ctx.Args[0]}
	up := s.up
	up(0)
	s.by *= 10
	return int32(up(ctx.Args[1]))
}

//bpf:section raw_tp
func captured(ctx *ebpf.RawTracepoint) int32 {
	n := ctx.Args[0]
	add := func(more uint64) { n += more }
	add(ctx.Args[1])
	add(n)
	return int32(n)
}
"""


def run(obj: BpfObject, name: str, *args: int) -> int:
    return obj.program(name).test_run(ctx=struct.pack(f"<{len(args)}Q", *args)).retval


def test_they_are_called(load: Load) -> None:
    obj = load(SOURCE)
    chosen = [run(obj, "chosen", n, 9) for n in range(3)]
    assert observed("results of three functions", chosen) == [18, 81, 16]
    assert observed("of a method with its receiver", run(obj, "bound", 3, 100)) == 100 + (3 + 1) * 10 + 1
    assert observed("of one that captures", run(obj, "captured", 5, 3)) == 16
    assert run(load(SOURCE, offset=100), "chosen", 2, 9) == 109
