"""What a program holds is given back when a panic ends it; the kernel accepts nothing less."""

from __future__ import annotations

import struct

import pytest

import tinybpf

pytestmark = pytest.mark.kernel

PANICKED = -14 & 0xFFFFFFFF
"""What a ``syscall`` program returns after a panic."""

HEAD = """
package main

import "unsafe"

type input struct{ N uint64 }
type pair struct{ A, B uint64 }
type bpfMapDef struct{ Type, KeySize, ValueSize, MaxEntries, MapFlags uint32 }

var ring = bpfMapDef{Type: 27, MaxEntries: 4096}
var table [4]uint64
var after uint64

//go:extern bpf_ringbuf_reserve
func reserve(ring unsafe.Pointer, size uint64, flags uint64) unsafe.Pointer

//go:extern bpf_ringbuf_submit
func submit(sample unsafe.Pointer, flags uint64)

//go:noinline
func quotient(p *pair, n uint64) { p.B = 1000 / n }

func take() *pair { return (*pair)(reserve(unsafe.Pointer(&ring), 16, 0)) }
"""

IN_LINE = """
//bpf:section syscall
//export prog
func prog(ctx unsafe.Pointer) int32 {
	n := (*input)(ctx).N
	p := take()
	p.A = 10 + table[n]
	quotient(p, n)
	submit(unsafe.Pointer(p), 0)
	after++
	return 0
}
"""

TWICE = """
//bpf:section syscall
//export prog
func prog(ctx unsafe.Pointer) int32 {
	n := (*input)(ctx).N
	for i := uint64(1); i < 4; i++ {
		p := (*pair)(reserve(unsafe.Pointer(&ring), 16, 0))
		if p == nil {
			return 1
		}
		p.A, p.B = i, 12/(n-i)
		submit(unsafe.Pointer(p), 0)
	}
	return 0
}
"""


def run(obj: tinybpf.BpfObject, n: int) -> tuple[int, list[tuple[int, int]]]:
    result = obj.program("prog").test_run(ctx=struct.pack("Q", n))
    events = obj.ring_buffer("ring", timeout=0.05)
    return result.retval, [(e.A, e.B) for e in events]


def test_a_reservation_is_discarded_when_an_index_or_a_callee_panics() -> None:
    with tinybpf.load_go(HEAD + IN_LINE) as obj:
        assert run(obj, 2) == (0, [(10, 500)])
        assert run(obj, 9) == (PANICKED, [])  # the index
        assert run(obj, 0) == (PANICKED, [])  # the division, in a subprogram
        # A reservation left behind would block what comes after it.
        assert run(obj, 1) == (0, [(10, 1000)])


def test_what_was_submitted_before_the_panic_stays_submitted() -> None:
    with tinybpf.load_go(HEAD + TWICE) as obj:
        assert run(obj, 3) == (PANICKED, [(1, 6), (2, 12)])
        assert run(obj, 5) == (0, [(1, 3), (2, 4), (3, 6)])


def test_discarded_reservations_make_room_again() -> None:
    with tinybpf.load_go(HEAD + IN_LINE) as obj:
        for _ in range(5):  # 500 reservations of 24 bytes in a ring of 4096
            for _ in range(100):
                assert obj.program("prog").test_run(ctx=struct.pack("Q", 9)).retval == PANICKED
            assert run(obj, 1) == (0, [(10, 1000)])
