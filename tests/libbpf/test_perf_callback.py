"""`BpfPerfBuffer`: samples with their CPU, and what was lost, by callbacks."""

from __future__ import annotations

import ctypes
import errno
import os
import select
import signal
import threading
import time

import pytest
from observing import observed

import tinybpf

pytestmark = pytest.mark.kernel


class Call(ctypes.Structure):
    _fields_ = [("PID", ctypes.c_uint32), ("Number", ctypes.c_uint32), ("Data", ctypes.c_uint8 * 16)]


@pytest.fixture
def obj(build, me: int):
    with tinybpf.load(build("perf"), variables={"target": me}) as loaded:
        loaded.program("on_getppid").attach()
        yield loaded


@pytest.fixture
def taken() -> list[tuple[int, int]]:
    """CPU and number of each sample."""
    return []


@pytest.fixture
def buffer(obj, taken: list[tuple[int, int]]):
    with tinybpf.BpfPerfBuffer(
        obj.map("calls"), lambda cpu, call: taken.append((cpu, call.Number)), event_type=Call
    ) as made:
        yield made


def produce(count: int) -> None:
    for _ in range(count):
        os.getppid()


def test_samples_come_with_their_cpu(buffer, taken: list[tuple[int, int]]):
    allowed = os.sched_getaffinity(0)
    expected = []
    try:
        for cpu in allowed:
            os.sched_setaffinity(0, {cpu})
            produce(3)
            expected += [(cpu, len(expected) + n + 1) for n in range(3)]
    finally:
        os.sched_setaffinity(0, allowed)
    assert buffer.poll(5000) == 3 * len(allowed)
    assert sorted(taken, key=lambda sample: sample[1]) == expected
    observed("samples of each CPU", {cpu: [one for one, _ in taken].count(cpu) for cpu in sorted(allowed)})


def test_poll_waits_and_gives_up(buffer, taken: list[tuple[int, int]]):
    begun = time.monotonic()
    assert buffer.poll(100) == 0 and buffer.consume() == 0
    assert 0.1 <= time.monotonic() - begun < 2
    timer = threading.Timer(0.2, produce, [1])
    timer.start()
    assert buffer.poll() == 1 and [number for _, number in taken] == [1]


def test_bytes_have_the_padding(obj, me: int):
    taken: list[bytes] = []
    with tinybpf.BpfPerfBuffer(obj.map("calls"), lambda cpu, data: taken.append(data)) as buffer:
        produce(1)
        assert buffer.poll(5000) == 1
    assert len(taken[0]) == 28 and taken[0][:4] == me.to_bytes(4, "little")


def test_lost_samples_are_told_by_cpu(obj, taken: list[tuple[int, int]]):
    lost: list[tuple[int, int]] = []
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(allowed)})
    try:
        with tinybpf.BpfPerfBuffer(
            obj.map("calls"),
            lambda cpu, data: taken.append((cpu, 0)),
            lambda cpu, count: lost.append((cpu, count)),
            page_count=1,
        ) as buffer:
            produce(500)
            buffer.poll(5000)
            produce(1)  # with this one the kernel tells
            buffer.poll(5000)
    finally:
        os.sched_setaffinity(0, allowed)
    assert lost == [(max(allowed), 501 - len(taken))] and obj.lost("calls") == 501 - len(taken)


def test_a_negative_number_stops_and_the_rest_comes_next_time(obj):
    taken: list[int] = []

    def callback(cpu: int, call: Call) -> int | None:
        taken.append(call.Number)
        return -1 if call.Number == 2 else None

    with tinybpf.BpfPerfBuffer(obj.map("calls"), callback, event_type=Call) as buffer:
        produce(5)
        assert buffer.poll(5000) == 2 and taken == [1, 2]
        assert buffer.poll(5000) == 3 and taken == [1, 2, 3, 4, 5]


def test_an_exception_is_raised_from_poll(obj):
    def callback(cpu: int, data: bytes) -> None:
        raise KeyError("mine")

    with tinybpf.BpfPerfBuffer(obj.map("calls"), callback) as buffer:
        produce(2)
        for _ in range(2):
            with pytest.raises(KeyError, match="mine"):
                buffer.poll(5000)
        assert buffer.consume() == 0


@pytest.mark.parametrize("what", ["buffer", "object"])
def test_a_callback_may_close(obj, what: str):
    taken: list[bytes] = []

    def callback(cpu: int, data: bytes) -> None:
        taken.append(data)
        (buffer if what == "buffer" else obj).close()

    buffer = tinybpf.BpfPerfBuffer(obj.map("calls"), callback)
    produce(3)
    assert buffer.poll(5000) == 1 and len(taken) == 1
    with pytest.raises(tinybpf.BpfError, match="closed"):
        buffer.poll(0)
    assert "closed" in repr(buffer)


def test_closing_in_another_thread_ends_a_poll(buffer):
    timer = threading.Timer(0.2, buffer.close)
    timer.start()
    begun = time.monotonic()
    assert buffer.poll() == 0
    assert time.monotonic() - begun < 5


def test_a_signal_ends_a_poll_that_asked_for_it(buffer):
    signal.signal(signal.SIGALRM, lambda *_: None)
    signal.setitimer(signal.ITIMER_REAL, 0.2)
    begun = time.monotonic()
    assert buffer.poll(10_000, ignore_eintr=False) == 0
    assert time.monotonic() - begun < 5


def test_its_descriptor_is_readable_when_there_are_samples(buffer):
    assert buffer.fileno() == buffer.epoll_fd()
    assert select.select([buffer], [], [], 0)[0] == []
    produce(1)
    assert select.select([buffer], [], [], 5)[0] == [buffer]
    assert buffer.consume() == 1


def test_wrong_arguments(obj, build):
    calls = obj.map("calls")
    with pytest.raises(TypeError, match="sample_callback must be callable, not str"):
        tinybpf.BpfPerfBuffer(calls, "print")
    with pytest.raises(TypeError, match="lost_callback must be callable, not int"):
        tinybpf.BpfPerfBuffer(calls, print, 5)
    with pytest.raises(ValueError, match="pages must be a power of two"):
        tinybpf.BpfPerfBuffer(calls, print, page_count=3)
    with pytest.raises(tinybpf.BtfValidationError, match="no struct 'nope'"):
        tinybpf.BpfPerfBuffer(calls, print, event_type=Call, validate_btf_struct="nope")
    tinybpf.BpfPerfBuffer(calls, print, event_type=Call, validate_btf_struct="call").close()
    with (
        tinybpf.load(build("tracing")) as other,
        pytest.raises(tinybpf.BpfError, match=r"'events' is type RINGBUF, expected PERF_EVENT_ARRAY"),
    ):
        tinybpf.BpfPerfBuffer(other.map("events"), print)


def test_a_map_without_room_for_buffers(obj):
    with pytest.raises(tinybpf.BpfError, match="read perf buffer 'calls' failed: ") as caught:
        tinybpf.BpfPerfBuffer(obj.map("calls"), print, page_count=1 << 20)
    assert caught.value.errno in (errno.ENOMEM, errno.EPERM, errno.EINVAL)
