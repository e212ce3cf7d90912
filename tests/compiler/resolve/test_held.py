"""What is held and given back by a deferred call: on each way out, and once only."""

from __future__ import annotations

import struct
from collections.abc import Callable

import pytest

from tinybpf import BpfObject

pytestmark = pytest.mark.kernel

Load = Callable[..., BpfObject]

SOURCE = """
type state struct {
	Lock ebpf.SpinLock
	N    uint64
}

type record struct{ A, B uint64 }

var states = ebpf.Array[state]{MaxEntries: 4}
var events = ebpf.RingBuf[record]{MaxEntries: 4096}
var divisor, after uint64

//bpf:section raw_tp
func set(ctx *ebpf.RawTracepoint) int32 {
	divisor = ctx.Args[0]
	return 0
}

//bpf:section tc
func locked(ctx *ebpf.SKB) ebpf.TCAction {
	s := states.Lookup(1)
	if s == nil {
		return 0
	}
	s.Lock.Lock()
	defer s.Lock.Unlock()
	s.N++
	if s.N > 2 {
		return 5
	}
	return ebpf.TCAction(6 / divisor)
}

func with(l *ebpf.SpinLock, f func() ebpf.TCAction) ebpf.TCAction {
	l.Lock()
	defer l.Unlock()
	return f()
}

//bpf:section tc
func guarded(ctx *ebpf.SKB) ebpf.TCAction {
	s := states.Lookup(2)
	if s == nil {
		return 0
	}
	r := with(&s.Lock, func() ebpf.TCAction {
		s.N += 10
		return ebpf.TCAction(100 / divisor)
	})
	after++
	return r + 1
}

//bpf:section tc
func reserved(ctx *ebpf.SKB) ebpf.TCAction {
	r := events.Reserve()
	if r == nil {
		return 0
	}
	sent := false
	defer func() {
		if sent {
			events.Submit(r)
		} else {
			events.Discard(r)
		}
	}()
	r.A = 100 / divisor
	if r.A > 50 {
		return 1
	}
	r.B, sent = 7, true
	return 2
}

//bpf:section tc
func discarded(ctx *ebpf.SKB) ebpf.TCAction {
	r := events.Reserve()
	if r == nil {
		return 0
	}
	defer events.Discard(r)
	r.A = 100 / divisor
	return ebpf.TCAction(r.A)
}
"""

PACKET = bytes(64)


def run(obj: BpfObject, name: str) -> int:
    return obj.program(name).test_run(data=PACKET).retval


def state(obj: BpfObject, n: int) -> int:
    value = obj.map("states")[n]
    return int(value.N) if hasattr(value, "N") else struct.unpack("<IIQ", bytes(value))[2]


def test_a_lock_is_given_back_on_each_way_out(load: Load) -> None:
    obj = load(SOURCE)
    obj.globals["divisor"] = 3
    assert [run(obj, "locked") for _ in range(4)] == [2, 2, 5, 5]
    assert state(obj, 1) == 4


def test_a_lock_is_given_back_once_after_a_panic(load: Load) -> None:
    """The deferred call unlocks; the program returns what it does after a panic, and the lock is free."""
    obj = load(SOURCE)
    panicked = -1 & 0xFFFFFFFF
    assert run(obj, "locked") == panicked
    assert obj.panics == 1
    obj.globals["divisor"] = 2
    assert run(obj, "locked") == 3
    assert state(obj, 1) == 2


def test_a_lock_held_around_a_function_value(load: Load) -> None:
    obj = load(SOURCE)
    assert run(obj, "guarded") == -1 & 0xFFFFFFFF
    assert obj.globals["after"] == 0
    obj.globals["divisor"] = 50
    assert run(obj, "guarded") == 3
    assert obj.globals["after"] == 1
    assert state(obj, 2) == 20


def test_a_record_is_submitted_or_discarded_by_a_deferred_literal(load: Load) -> None:
    obj = load(SOURCE)
    assert run(obj, "reserved") == -1 & 0xFFFFFFFF
    obj.globals["divisor"] = 1
    assert run(obj, "reserved") == 1
    obj.globals["divisor"] = 10
    assert run(obj, "reserved") == 2
    obj.globals["divisor"] = 4
    assert run(obj, "discarded") == 25
    records = list(obj.ring_buffer("events", timeout=0.2))
    assert [(int(r.A), int(r.B)) for r in records] == [(10, 7)]
