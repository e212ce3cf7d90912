"""Each kind of map of package ebpf, in the kernel."""

from __future__ import annotations

import os
import struct
from collections.abc import Callable
from pathlib import Path

import pytest

from tinybpf import BpfObject

pytestmark = pytest.mark.kernel

Load = Callable[..., BpfObject]


def run(obj: BpfObject, *words: int, program: str = "prog") -> int:
    """The result of a syscall program that is given 64-bit words."""
    return obj.program(program).test_run(ctx=struct.pack(f"{len(words)}Q", *words)).retval


HASH = """
type Key struct {
	A uint32
	B uint16
}

var m = ebpf.Hash[Key, uint64]{MaxEntries: 2}

type args struct{ Op, Key, Value uint64 }

//bpf:section syscall
func prog(ctx *args) ebpf.Errno {
	k := Key{A: uint32(ctx.Key), B: 7}
	switch ctx.Op {
	case 0:
		return m.Insert(k, ctx.Value)
	case 1:
		return m.Replace(k, ctx.Value)
	case 2:
		return m.Update(k, ctx.Value)
	case 3:
		return m.Delete(k)
	case 4:
		v := m.Lookup(k)
		if v == nil {
			return ebpf.ENOENT
		}
		return ebpf.Errno(*v)
	case 5:
		v := m.LookupOrInsert(k, ctx.Value)
		if v == nil {
			return ebpf.E2BIG
		}
		*v++
		return ebpf.Errno(*v)
	}
	v := m.LookupOrZero(k)
	if v == nil {
		return ebpf.E2BIG
	}
	*v += 3
	return ebpf.Errno(*v)
}
"""
INSERT, REPLACE, UPDATE, DELETE, LOOKUP, OR_INSERT, OR_ZERO = range(7)
ENOENT, E2BIG, EEXIST, EINVAL, ENOSPC = 2, 7, 17, 22, 28


def test_hash(load: Load) -> None:
    obj = load(HASH)
    assert run(obj, LOOKUP, 1, 0) == ENOENT
    assert run(obj, REPLACE, 1, 50) == ENOENT
    assert run(obj, INSERT, 1, 50) == 0
    assert run(obj, INSERT, 1, 51) == EEXIST
    assert run(obj, LOOKUP, 1, 0) == 50
    assert run(obj, REPLACE, 1, 60) == 0
    assert run(obj, UPDATE, 2, 70) == 0
    assert run(obj, UPDATE, 3, 70) == E2BIG
    assert run(obj, OR_ZERO, 3, 0) == E2BIG
    assert run(obj, OR_INSERT, 2, 0) == 71
    assert {(k.A, k.B): v for k, v in obj.map("m").items()} == {(1, 7): 60, (2, 7): 71}
    assert run(obj, DELETE, 1, 0) == 0
    assert run(obj, DELETE, 1, 0) == ENOENT
    assert run(obj, OR_ZERO, 4, 0) == 3
    assert run(obj, OR_ZERO, 4, 0) == 6
    assert run(obj, DELETE, 2, 0) == 0
    assert run(obj, OR_INSERT, 5, 100) == 101


KINDS = """
type args struct{ N, V uint64 }

var lru = ebpf.LRUHash[uint64, uint64]{MaxEntries: 4}
var perCPU = ebpf.PerCPUHash[uint32, uint64]{MaxEntries: 4}
var lruPerCPU = ebpf.LRUPerCPUHash[uint32, uint64]{MaxEntries: 64}
var table = ebpf.Array[uint64]{MaxEntries: 4}
var perCPUTable = ebpf.PerCPUArray[[2]uint64]{MaxEntries: 2}

//bpf:section syscall
func prog(ctx *args) int32 {
	lru.Update(ctx.N, ctx.V)
	if v := perCPU.LookupOrZero(uint32(ctx.N)); v != nil {
		*v += ctx.V
	}
	if v := lruPerCPU.LookupOrZero(1); v != nil {
		*v += ctx.V
	}
	if v := perCPUTable.Lookup(1); v != nil {
		v[1] += ctx.V
	}
	v := table.Lookup(uint32(ctx.N))
	if v == nil {
		return -1
	}
	*v += ctx.V
	return int32(table.Update(3, 99))
}

//bpf:section syscall
func beyond(ctx *args) int32 { return int32(table.Update(4, 1)) }
"""


def test_kinds(load: Load) -> None:
    obj = load(KINDS)
    for n in range(8):
        run(obj, n, 10)
    assert sum(obj.map("perCPU").lookup_percpu(3)) == 10
    assert obj.map("perCPU").get(7) is None
    assert sum(obj.map("lruPerCPU").lookup_percpu(1)) == 80
    assert sum(v[1] for v in obj.map("perCPUTable").lookup_percpu(1)) == 80
    assert [obj.map("table")[i] for i in range(4)] == [10, 10, 10, 99]
    assert run(obj, 4, 0) == 0xFFFFFFFF
    assert run(obj, 0, 0, program="beyond") == E2BIG
    assert 0 < len(obj.map("lru")) <= 4


TRIES = """
var trie = ebpf.LPMTrie[ebpf.IPv4Addr, uint32]{MaxEntries: 8}
var trie6 = ebpf.LPMTrie[ebpf.IPv6Addr, uint32]{MaxEntries: 8}

//bpf:section tc
func route(ctx *ebpf.SKB) uint32 {
	a := ebpf.Header[[2]uint8](ctx, 14)
	if a == nil {
		return 1
	}
	if v := trie.Lookup(ebpf.IPv4Of(10, 1, a[0], a[1])); v != nil {
		return *v
	}
	return 0
}

//bpf:section tc
func learn(ctx *ebpf.SKB) ebpf.Errno {
	a := ebpf.Header[[2]uint8](ctx, 14)
	if a == nil {
		return 1
	}
	return trie.Update(uint32(a[0]), ebpf.IPv4Of(10, 1, 2, 0), uint32(a[1]))
}

//bpf:section tc
func route6(ctx *ebpf.SKB) uint32 {
	a := ebpf.Header[ebpf.BE16](ctx, 14)
	if a == nil {
		return 1
	}
	if v := trie6.Lookup(ebpf.IPv6Of(0x2001, 0xdb8, 0, 0, 0, 0, 0, a.Uint16())); v != nil {
		return *v
	}
	return 0
}
"""


def test_longest_prefix(load: Load) -> None:
    obj = load(TRIES)

    def call(program: str, *given: int) -> int:
        return obj.program(program).test_run(data=bytes(14) + bytes(given) + bytes(50)).retval

    trie = obj.map("trie")
    trie[struct.pack("I4B", 16, 10, 1, 0, 0)] = 16
    assert call("route", 2, 5) == 16
    assert call("learn", 24, 24) == 0
    assert call("learn", 33, 24) == EINVAL
    assert call("route", 2, 5) == 24
    assert call("route", 3, 5) == 16
    six = bytes.fromhex("20010db8000000000000000000000000")
    obj.map("trie6")[struct.pack("I16s", 112, six)] = 112
    assert call("route6", 0, 77) == 112


QUEUES = """
var q = ebpf.Queue[uint64]{MaxEntries: 2}
var s = ebpf.Stack[uint64]{MaxEntries: 2}

type args struct{ Op, Value, Out uint64 }

//bpf:section syscall
func queue(ctx *args) ebpf.Errno {
	var v uint64
	var err ebpf.Errno
	switch ctx.Op {
	case 0:
		return q.Push(ctx.Value)
	case 1:
		return q.PushOver(ctx.Value)
	case 2:
		err = q.Peek(&v)
	default:
		err = q.Pop(&v)
	}
	ctx.Out = v
	return err
}

//bpf:section syscall
func stack(ctx *args) ebpf.Errno {
	if ctx.Op == 0 {
		return s.Push(ctx.Value)
	}
	var v uint64
	err := s.Pop(&v)
	ctx.Out = v
	return err
}
"""
PUSH, PUSH_OVER, PEEK, POP = range(4)


def test_queue_and_stack(load: Load) -> None:
    obj = load(QUEUES)

    def call(program: str, op: int, value: int = 0) -> tuple[int, int]:
        result = obj.program(program).test_run(ctx=struct.pack("3Q", op, value, 0))
        return result.retval, struct.unpack("3Q", result.ctx_out)[2]

    assert [call("queue", PUSH, n)[0] for n in (1, 2, 3)] == [0, 0, E2BIG]
    assert call("queue", PUSH_OVER, 3)[0] == 0
    assert [call("queue", op) for op in (PEEK, POP, POP, POP)] == [(0, 2), (0, 2), (0, 3), (ENOENT, 0)]
    assert [call("stack", PUSH, n)[0] for n in (1, 2, 3)] == [0, 0, E2BIG]
    assert [call("stack", POP) for _ in range(3)] == [(0, 2), (0, 1), (ENOENT, 0)]


EVENTS = """
type Event struct {
	N    uint64
	Comm ebpf.Comm
}

var ring = ebpf.RingBuf[Event]{MaxEntries: 4096}
var other = ebpf.RingBuf[Event]{MaxEntries: 4096}
var perf ebpf.PerfEventArray[Event]

type args struct{ N uint64 }

//bpf:section syscall
func prog(ctx *args) int32 {
	e := ring.Reserve()
	if e == nil {
		return 1
	}
	e.N = ctx.N
	ebpf.CurrentComm(&e.Comm)
	if ctx.N == 5 {
		ring.Discard(e)
		return 2
	}
	ring.Submit(e)
	return 0
}

//bpf:section syscall
func output(ctx *args) bool {
	e := Event{N: ctx.N}
	return other.Output(&e)
}

//bpf:section raw_tracepoint/sys_enter
func perfect(ctx *ebpf.RawTracepoint) bool {
	e := Event{N: 1 << 40}
	ebpf.CurrentComm(&e.Comm)
	return perf.Output(ctx, &e)
}
"""


def test_ring_buffer_and_what_is_lost(load: Load) -> None:
    obj = load(EVENTS)
    comm = Path("/proc/self/comm").read_text().strip()
    assert [run(obj, n) for n in (4, 5, 6)] == [0, 2, 0]
    events = list(obj.ring_buffer("ring", timeout=0.05))
    assert [(e.N, bytes(e.Comm).split(b"\0")[0].decode()) for e in events] == [(4, comm), (6, comm)]
    assert obj.lost("ring") == 0 and obj.lost("other") == 0
    room = 4096 // 32  # eight bytes before each record
    for n in range(room + 10):
        run(obj, n, program="output")
    assert len(list(obj.ring_buffer("other", timeout=0.05))) == room - 1
    assert obj.lost("other") == 11
    assert obj.lost("ring") == 0


def test_perf_events(load: Load) -> None:
    obj = load(EVENTS)
    program = obj.program("perfect")
    with obj.perf_buffer("perf", count=1, timeout=2) as stream:
        program.attach()
        os.getppid()
        event = next(stream)
    assert event.N == 1 << 40
    assert bytes(event.Comm).strip(b"\0")


COUNTED = """
var table [4]uint64
var n uint64
var values = ebpf.Hash[uint32, atomicValue]{MaxEntries: 4}

type atomicValue struct {
	Plain  uint64
	Small  uint32
	Signed int64
	Method atomic.Uint64
}

type args struct{ N uint64 }

//bpf:section syscall
func prog(ctx *args) uint32 { return uint32(table[ctx.N]) + 5 }

//bpf:section syscall
//bpf:onpanic 77
func chosen(ctx *args) uint32 { return uint32(table[ctx.N]) }

//bpf:section syscall
func atomics(ctx *args) int64 {
	v := values.LookupOrZero(1)
	if v == nil {
		return -1
	}
	sum := atomic.AddUint64(&v.Plain, ctx.N)
	atomic.AddUint32(&v.Small, 7)
	atomic.AddInt64(&v.Signed, -3)
	v.Method.Add(2)
	if !atomic.CompareAndSwapUint32(&v.Small, 7, 100) {
		return -2
	}
	if atomic.CompareAndSwapUint32(&v.Small, 7, 101) {
		return -3
	}
	if old := atomic.SwapUint64(&v.Plain, 40); old != ctx.N {
		return -4
	}
	atomic.StoreInt64(&v.Signed, atomic.LoadInt64(&v.Signed)-1)
	n = v.Method.Load()
	return int64(sum)
}
"""


def test_panics_are_counted(load: Load) -> None:
    obj = load(COUNTED, atomic=True)
    assert obj.panics == 0
    assert run(obj, 1) == 5
    assert run(obj, 4) == -14 & 0xFFFFFFFF
    assert run(obj, 1 << 40, program="chosen") == 77
    assert obj.panics == 2


def test_atomics(load: Load) -> None:
    obj = load(COUNTED, atomic=True)
    assert run(obj, 9, program="atomics") == 9
    value = obj.map("values")[1]
    assert (value.Plain, value.Small, value.Signed, value.Method) == (40, 100, -4, 2)
    assert obj.globals["n"] == 2


LOCKED = """
type Account struct {
	lock ebpf.SpinLock
	A, B uint32
}

var accounts = ebpf.Array[Account]{MaxEntries: 1}
var table [4]uint32

type args struct{ N uint64 }

//bpf:section tc
func prog(ctx *ebpf.SKB) int32 {
	a := accounts.Lookup(0)
	if a == nil {
		return 1
	}
	a.lock.Lock()
	a.A += 1
	a.B += 1 + table[a.B]
	a.lock.Unlock()
	return 0
}
"""


def test_a_lock_is_given_back_by_a_panic(load: Load) -> None:
    obj = load(LOCKED)
    packet = bytes(60)
    results = [obj.program("prog").test_run(data=packet).retval for _ in range(7)]
    assert results == [0, 0, 0, 0, 0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF]
    assert obj.panics == 3
    account = obj.map("accounts")[0]
    assert (account.A, account.B) == (7, 4)


LARGE = """
type record struct {
	A [200]uint64
	B [5]byte
}

var records = ebpf.RingBuf[record]{MaxEntries: 1 << 16}

type args struct{ N uint64 }

//bpf:section syscall
func prog(ctx *args) int32 {
	r := records.Reserve()
	if r == nil {
		return -1
	}
	if ctx.N != 0 {
		for i := range r.A {
			r.A[i] = ctx.N
		}
		r.B = [5]byte{1, 2, 3, 4, 5}
	}
	records.Submit(r)
	return 0
}
"""


def test_a_reservation_begins_as_zero_whatever_was_there(load: Load) -> None:
    obj = load(LARGE)
    for n in range(90):  # more than once around the ring of 40 records
        assert run(obj, n % 2) == 0
        (event,) = list(obj.ring_buffer("records", timeout=0.05, count=1))
        assert set(event.A) == {n % 2}
        assert bytes(event.B) == (b"\1\2\3\4\5" if n % 2 else bytes(5))


PASSED = """
type pair struct {
	A, B [6]uint64
}

var pairs = ebpf.Hash[pair, pair]{MaxEntries: 8}
var sums [2]uint64

type args struct{ N uint64 }

//go:noinline
func sum(p pair) (s uint64) {
	for i := range 6 {
		s += p.A[i] + p.B[i]
	}
	return s
}

//go:noinline
func changed(p pair, n uint64) uint64 {
	p.A[1] = n
	return sum(p)
}

//bpf:section syscall
func prog(ctx *args) int32 {
	p := pair{A: [6]uint64{0: ctx.N}, B: [6]uint64{5: 1}}
	pairs.Update(p, p)
	q := p
	p.A[0] = 7
	if v := pairs.Lookup(q); v != nil {
		sums[0] = v.A[0]
	}
	sums[1] = changed(q, 100)*1000 + sum(q)
	return int32(pairs.Insert(q, p))
}
"""


def test_values_that_are_passed_stay_what_they_were(load: Load) -> None:
    obj = load(PASSED)
    assert run(obj, 30) == EEXIST
    assert list(obj.globals["sums"]) == [30, 131031]
    ((key, value),) = obj.map("pairs").items()
    assert (key.A[0], key.B[5], value.A[0]) == (30, 1, 30)


TAIL = """
var next = ebpf.ProgArray{MaxEntries: 4}
var after uint32

func jump(ctx *ebpf.XDP, n uint32) uint32 {
	if n > 100 {
		return 1
	}
	next.TailCall(ctx, n)
	return 77
}

//bpf:section xdp
func prog(ctx *ebpf.XDP) ebpf.XDPAction {
	first := ebpf.Header[uint32](ctx, 0)
	if first == nil {
		return ebpf.XDPAborted
	}
	after = jump(ctx, *first)
	return ebpf.XDPDrop
}

//bpf:section xdp
func target(ctx *ebpf.XDP) ebpf.XDPAction { return ebpf.XDPTX }
"""


def test_a_tail_call_ends_the_program_from_within_a_function(load: Load) -> None:
    obj = load(TAIL)
    obj.map("next")[2] = obj.program("target").fd
    program = obj.program("prog")
    assert program.test_run(data=struct.pack("I", 2) + bytes(60)).retval == 3
    assert obj.globals["after"] == 0
    assert program.test_run(data=struct.pack("I", 3) + bytes(60)).retval == 1
    assert obj.globals["after"] == 77
