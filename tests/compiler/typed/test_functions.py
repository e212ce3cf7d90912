"""Maps go through functions, methods and generic types like any pointer."""

from __future__ import annotations

import struct
from collections.abc import Callable

import pytest

from tinybpf import BpfObject

pytestmark = pytest.mark.kernel

SOURCE = """
type counter[K comparable] struct {
	m    *ebpf.Hash[K, uint64]
	step uint64
}

func (c counter[K]) add(k K) {
	if v := c.m.LookupOrZero(k); v != nil {
		atomic.AddUint64(v, c.step)
	}
}

var a = ebpf.Hash[uint32, uint64]{MaxEntries: 8}
var b = ebpf.Hash[uint32, uint64]{MaxEntries: 8}
var ra = ebpf.RingBuf[uint64]{MaxEntries: 4096}
var rb = ebpf.RingBuf[uint64]{MaxEntries: 4096}

type args struct{ N uint64 }

//go:noinline
func bump(m *ebpf.Hash[uint32, uint64], k uint32) {
	if v := m.LookupOrZero(k); v != nil {
		*v++
	}
}

//go:noinline
func emit(r *ebpf.RingBuf[uint64], v uint64) bool { return r.Output(&v) }

//bpf:section syscall
func prog(ctx *args) int32 {
	counter[uint32]{&a, 3}.add(1)
	c := counter[uint32]{&b, 4}
	c.add(2)
	bump(&a, 7)
	bump(&b, 8)
	emit(&ra, 5)
	if ctx.N == 1 {
		emit(&rb, 6)
	}
	return 0
}
"""
ROOM = 4096 // 16 - 1  # eight bytes before each record; the buffer is never quite full


def test_maps_by_pointer(load: Callable[..., BpfObject]) -> None:
    obj = load(SOURCE, atomic=True)
    for n in range(300):
        obj.program("prog").test_run(ctx=struct.pack("Q", n))
    assert dict(obj.map("a").items()) == {1: 900, 7: 300}
    assert dict(obj.map("b").items()) == {2: 1200, 8: 300}
    assert (obj.lost("ra"), obj.lost("rb")) == (300 - ROOM, 0)
    assert list(obj.ring_buffer("ra", timeout=0.05)) == [5] * ROOM
    assert list(obj.ring_buffer("rb", timeout=0.05)) == [6]
