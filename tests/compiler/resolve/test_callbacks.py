"""Function values that the kernel calls back: parameters, method values, one of several."""

from __future__ import annotations

import struct
from collections.abc import Callable

import pytest

from tinybpf import BpfObject

pytestmark = pytest.mark.kernel

Load = Callable[..., BpfObject]

SOURCE = """
var counts = ebpf.Hash[uint32, uint64]{MaxEntries: 16}
var out [8]uint64
var table = [...]func(uint32) bool{first, second}

type sum struct{ n, limit uint64 }

func (s *sum) add(key *uint32, value *uint64) bool {
	s.n += uint64(*key) * *value
	return s.n < s.limit
}

func (s sum) turn(i uint32) bool {
	out[1] += s.limit + uint64(i)
	return true
}

func first(i uint32) bool  { out[4] += uint64(i); return true }
func second(i uint32) bool { out[4] += 100; return i < 1 }

func each(f func(key *uint32, value *uint64) bool) { counts.ForEach(f) }

func loop(n uint32, f func(uint32) bool) uint32 { return ebpf.Loop(n, f) }

//bpf:section syscall
func methods(ctx *[8]uint64) int32 {
	s := sum{limit: 1000}
	each(s.add)
	out[0] = s.n
	m := sum{0, 7}
	f := m.turn
	m.limit = 1000
	ebpf.Loop(4, f)
	return 0
}

//bpf:section syscall
func chosen(ctx *[8]uint64) int32 {
	total := uint64(0)
	f := func(i uint32) bool { total += uint64(i); return i < 5 }
	if ctx[0] > 5 {
		f = func(i uint32) bool { total += 2; return true }
	}
	out[2] = uint64(loop(10, f))
	out[3] = total
	out[5] = uint64(loop(3, table[ctx[1]&1]))
	return 0
}

//bpf:section syscall
func nothing(ctx *[8]uint64) int32 {
	var f func(uint32) bool
	if ctx[0] != 0 {
		f = first
	}
	loop(2, f)
	return 1
}
"""


def run(obj: BpfObject, name: str, *args: int) -> int:
    return obj.program(name).test_run(ctx=struct.pack("<8Q", *args, *[0] * (8 - len(args)))).retval


def test_method_values(load: Load) -> None:
    """The receiver is taken where the method value is made: by address, or as a copy."""
    obj = load(SOURCE)
    for key in (1, 2, 3):
        obj.map("counts")[key] = key * 10
    run(obj, "methods")
    assert list(obj.globals["out"])[:2] == [140, 4 * 7 + 6]


def test_one_of_several(load: Load) -> None:
    obj = load(SOURCE)
    run(obj, "chosen", 0, 0)
    assert list(obj.globals["out"])[2:6] == [6, 15, 3, 3]
    run(obj, "chosen", 9, 1)
    assert list(obj.globals["out"])[2:6] == [10, 20, 203, 2]


def test_nil_is_a_panic(load: Load) -> None:
    obj = load(SOURCE)
    assert run(obj, "nothing", 1) == 1
    assert run(obj, "nothing", 0) == -14 & 0xFFFFFFFF
    assert obj.panics == 1


def test_variables_that_hold_functions_are_not_for_user_space(load: Load) -> None:
    obj = load(SOURCE)
    assert "out" in obj.globals
    assert "table" not in obj.globals
