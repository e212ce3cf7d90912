from __future__ import annotations

import os
import time
from types import SimpleNamespace
from typing import Any

import pytest

from tinybpf.libbpf.enums import BpfMapType
from tinybpf.show.shape import Group, Leaf
from tinybpf.show.sources import Buffer, Wait, in_order

WHEN = Leaf("When", 0, 8, "time", "Q")


def buffer(name: str, kind: str = "ring buffer", time: Leaf | None = WHEN) -> Any:
    return SimpleNamespace(name=name, kind=kind, time=time)


def record(when: int) -> bytes:
    return when.to_bytes(8, "little") + b"rest"


def test_events_of_several_buffers_by_their_times():
    first, second = buffer("a"), buffer("b")
    found = in_order([(first, [record(1), record(4)]), (second, [record(2), record(3), record(5)])])
    assert found == [
        (first, [record(1)]),
        (second, [record(2), record(3)]),
        (first, [record(4)]),
        (second, [record(5)]),
    ]


def test_events_of_one_time_stay_as_they_came():
    first, second = buffer("a"), buffer("b")
    found = in_order([(first, [record(1) + b"x", record(1) + b"y"]), (second, [record(1)])])
    assert found == [(first, [record(1) + b"x", record(1) + b"y"]), (second, [record(1)])]


def test_cpus_of_a_perf_buffer_are_put_in_order():
    perf = buffer("p", "perf buffer")
    assert in_order([(perf, [record(2), record(1)])]) == [(perf, [record(1), record(2)])]


def test_without_times_it_is_buffer_by_buffer():
    given = [(buffer("a"), [record(9)]), (buffer("b", time=None), [record(1)])]
    assert in_order(given) == given


def test_a_ring_buffer_is_in_order_already():
    given = [(buffer("a"), [record(9), record(1)])]
    assert in_order(given) is given


@pytest.mark.parametrize(
    "kind, size, fits",
    [
        (BpfMapType.RINGBUF, 4088, True),
        (BpfMapType.RINGBUF, 4089, False),
        (BpfMapType.PERF_EVENT_ARRAY, 8192, True),
    ],
)
def test_events_that_never_fit(kind: BpfMapType, size: int, fits: bool) -> None:
    untyped = SimpleNamespace(btf=None, event=None)
    ring: Any = SimpleNamespace(map=lambda _: SimpleNamespace(type=kind, types=untyped, max_entries=4096))
    made = Buffer(ring, "r")
    assert made.never_fits == ""
    made.shape = Group("E", 0, size, ())
    assert made.never_fits == (
        "" if fits else "an event of 'r' takes 4,104 bytes and the buffer has 4,096: give it more MaxEntries"
    )


def test_wait_sees_that_the_reader_has_gone():
    reader, writer = os.pipe()
    os.close(reader)
    with pytest.raises(BrokenPipeError):
        Wait([], writer).wait(5)
    os.close(writer)


def test_wait_ends_when_something_comes():
    reader, writer = os.pipe()
    os.write(writer, b"x")
    began = time.monotonic()
    Wait([reader, -1], writer).wait(5)
    assert time.monotonic() - began < 2
    os.close(reader)
    os.close(writer)
