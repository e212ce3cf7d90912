"""What a program holds is given back when a panic ends it; the kernel accepts nothing less."""

from __future__ import annotations

import socket
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


DYNPTR = """
//go:extern bpf_ringbuf_reserve_dynptr
func reserveDynptr(ring unsafe.Pointer, size uint32, flags uint64, d unsafe.Pointer) int64

//go:extern bpf_ringbuf_submit_dynptr
func submitDynptr(d unsafe.Pointer, flags uint64)

//go:extern bpf_dynptr_write
func dynptrWrite(d unsafe.Pointer, offset uint32, from unsafe.Pointer, size uint32, flags uint64) int64

//bpf:section syscall
//export prog
func prog(ctx unsafe.Pointer) int32 {
	n := (*input)(ctx).N
	var d [2]uint64
	reserveDynptr(unsafe.Pointer(&ring), 16, 0, unsafe.Pointer(&d))
	p := pair{n, 10 + table[n]}
	dynptrWrite(unsafe.Pointer(&d), 0, unsafe.Pointer(&p), 16, 0)
	submitDynptr(unsafe.Pointer(&d), 0)
	return 0
}
"""


def test_a_dynptr_is_discarded() -> None:
    with tinybpf.load_go(HEAD + DYNPTR) as obj:
        program = obj.program("prog")
        for n in (2, 9, 3):
            wanted = PANICKED if n == 9 else 0
            assert program.test_run(ctx=struct.pack("Q", n)).retval == wanted
        events = [bytes(e) for e in obj.ring_buffer("ring", timeout=0.05, event_type=bytes)]
        assert events == [struct.pack("QQ", n, 10) for n in (2, 3)]


SOCKETS = """
package main

import "unsafe"

type bpfMapDef struct{ Type, KeySize, ValueSize, MaxEntries, MapFlags uint32 }
type tuple struct {
	Saddr, Daddr [4]byte
	Sport, Dport [2]byte
}

var socks = bpfMapDef{Type: 15, KeySize: 4, ValueSize: 8, MaxEntries: 4}
var table = [4]int32{3: 7}
var port [2]byte
var which uint32

//go:extern bpf_sk_lookup_tcp
func lookup(ctx, t unsafe.Pointer, size uint32, netns uint64, flags uint64) unsafe.Pointer

//go:extern bpf_sk_release
func release(sk unsafe.Pointer) int64

//go:extern bpf_map_lookup_elem
func mapLookup(m, k unsafe.Pointer) unsafe.Pointer

//bpf:section tc
//export found
func found(ctx unsafe.Pointer) int32 {
	t := tuple{Daddr: [4]byte{127, 0, 0, 1}, Dport: port}
	sk := lookup(ctx, unsafe.Pointer(&t), 12, 0xffffffffffffffff, 0)
	if sk == nil {
		return 100
	}
	r := 5 + table[which]
	release(sk)
	return r
}

//bpf:section tc
//export stored
func stored(ctx unsafe.Pointer) int32 {
	var k uint32
	sk := mapLookup(unsafe.Pointer(&socks), unsafe.Pointer(&k))
	if sk == nil {
		return 100
	}
	r := 5 + table[which]
	release(sk)
	return r
}
"""


@pytest.mark.parametrize(("which", "wanted"), [(3, 12), (4, 0xFFFFFFFF)])
def test_a_socket_is_released(which: int, wanted: int) -> None:
    """The verifier refuses a program that keeps one; that it was one the result shows."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = list(server.getsockname()[1].to_bytes(2, "big"))
        with tinybpf.load_go(SOCKETS, variables={"port": port, "which": which}) as obj:
            packet = bytes(60)
            assert obj.program("found").test_run(data=packet).retval == wanted
            assert obj.program("stored").test_run(data=packet).retval == 100
            obj.map("socks")[0] = struct.pack("Q", server.fileno())
            assert obj.program("stored").test_run(data=packet).retval == wanted


EXCHANGED = """
package main

import "unsafe"

var table [4]uint64
var slot uint64

//go:extern bpf_kptr_xchg
func exchange(where, what unsafe.Pointer) unsafe.Pointer

//bpf:section syscall
//export prog
func prog(ctx unsafe.Pointer) int32 {
	old := exchange(unsafe.Pointer(&slot), nil)
	if old == nil {
		return 0
	}
	return int32(table[*(*uint64)(ctx)])
}
"""


def test_what_cannot_be_released_is_refused() -> None:
    with pytest.raises(tinybpf.CompileError, match="<source>:15:9: bpf_kptr_xchg takes what only its type"):
        tinybpf.compile_go(EXCHANGED)
