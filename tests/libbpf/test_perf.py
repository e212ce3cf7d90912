"""Perf buffers as streams, and how many events were lost."""

from __future__ import annotations

import ctypes
import gc
import os
import threading
import time

import pytest
from descriptors import settled
from observing import observed

import tinybpf

pytestmark = pytest.mark.kernel

SIZE, PADDED = 24, 28  # of an event, and of what the kernel delivers
IN_BUFFER = 40  # with header and length


class Call(ctypes.Structure):
    _fields_ = [("PID", ctypes.c_uint32), ("Number", ctypes.c_uint32), ("Data", ctypes.c_uint8 * 16)]


@pytest.fixture
def obj(build, me: int):
    with tinybpf.load(build("perf"), variables={"target": me}) as loaded:
        loaded.program("on_getppid").attach()
        yield loaded


def produce(count: int) -> None:
    for _ in range(count):
        os.getppid()


def on_each_cpu(count: int) -> int:
    """So many events from each CPU; how many CPUs there were."""
    allowed = os.sched_getaffinity(0)
    try:
        for cpu in allowed:
            os.sched_setaffinity(0, {cpu})
            produce(count)
    finally:
        os.sched_setaffinity(0, allowed)
    return len(allowed)


def test_events_have_the_fields_of_the_go_struct(obj, me: int):
    stream = obj.perf_buffer("calls", timeout=5, count=3)
    produce(3)
    events = list(stream)
    assert [(event.PID, event.Number) for event in events] == [(me, 1), (me, 2), (me, 3)]
    observed("numbers of the events", [event.Number for event in events])
    assert bytes(events[0].Data) == b"a" + bytes(14) + b"z"  # and not the padding behind it
    assert repr(events[0]).startswith("call(PID=") and stream.closed


def test_events_of_all_cpus_arrive(obj):
    stream = obj.perf_buffer("calls", timeout=1)
    total = 50 * on_each_cpu(50)
    assert sorted(event.Number for event in stream) == list(range(1, total + 1))


def test_nobody_gets_what_came_before_the_first_reader(obj):
    produce(2)
    assert obj.lost("calls") == 2  # the program's own count
    with obj.perf_buffer("calls", timeout=5, count=1) as stream:
        produce(1)
        assert next(stream).Number == 3
        assert stream.lost == 0  # the kernel's


def test_what_one_stream_leaves_the_next_one_gets(obj):
    first = obj.perf_buffer("calls", timeout=5)
    produce(2)
    seen = [next(first).Number]
    first.close()
    produce(3)  # while nobody reads
    seen += [event.Number for event in obj.perf_buffer("calls", timeout=0.3)]
    assert sorted(seen) == [1, 2, 3, 4, 5]


def test_bytes_have_the_padding(obj, me: int):
    stream = obj.perf_buffer("calls", timeout=5, count=1, event_type=bytes)
    produce(1)
    (record,) = stream
    assert len(record) == PADDED
    assert record[:4] == me.to_bytes(4, "little") and record[SIZE - 1 : SIZE] == b"z"


def test_a_type_of_the_users_own(obj, me: int):
    stream = obj.perf_buffer("calls", timeout=5, count=1, event_type=Call)
    produce(1)
    (event,) = stream
    assert isinstance(event, Call) and (event.PID, event.Number, event.Data[15]) == (me, 1, ord("z"))


def test_a_type_of_another_size(obj):
    stream = obj.perf_buffer("calls", timeout=5, event_type=ctypes.c_ushort)
    produce(1)
    with pytest.raises(tinybpf.BpfError, match="event of perf buffer 'calls': 28 bytes are no c_ushort"):
        next(stream)


def test_what_finds_no_room_is_counted(obj):
    cpu = min(os.sched_getaffinity(0))
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {cpu})
    try:
        with obj.perf_buffer("calls", timeout=0.3, pages=1) as stream:
            assert stream.lost == 0
            produce(500)
            events = list(stream)
    finally:
        os.sched_setaffinity(0, allowed)
    assert os.sysconf("SC_PAGESIZE") // IN_BUFFER - 2 <= len(events) <= os.sysconf("SC_PAGESIZE") // IN_BUFFER
    assert [event.Number for event in events] == list(range(1, len(events) + 1))
    assert stream.lost == obj.lost("calls") == 500 - len(events)
    produce(1)  # it goes on where there is room again
    (event,) = obj.perf_buffer("calls", timeout=5, count=1)
    assert event.Number == 501


def test_two_streams_share_the_events(obj):
    one, two = obj.perf_buffer("calls", timeout=0.5), obj.perf_buffer("calls", timeout=0.5)
    produce(10)
    numbers = [next(one).Number, next(two).Number] + [e.Number for e in one] + [e.Number for e in two]
    assert sorted(numbers) == list(range(1, 11))


@pytest.mark.parametrize("what", ["stream", "object"])
def test_closing_in_another_thread_ends_it(obj, what: str):
    stream = obj.perf_buffer("calls")
    timer = threading.Timer(0.2, (stream if what == "stream" else obj).close)
    timer.start()
    begun = time.monotonic()
    assert list(stream) == []
    assert time.monotonic() - begun < 5
    timer.join()
    assert stream.lost == 0


def test_it_waits_for_what_comes_later(obj):
    stream = obj.perf_buffer("calls", count=1, timeout=10)
    timer = threading.Timer(0.2, produce, [1])
    begun = time.monotonic()
    timer.start()
    (event,) = stream
    assert event.Number == 1 and 0.15 < time.monotonic() - begun < 5


def test_a_forked_child_that_ends_takes_nothing_away(obj):
    stream = obj.perf_buffer("calls", timeout=5)
    child = os.fork()
    if not child:
        obj.close()
        gc.collect()
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    produce(1)
    assert next(stream).Number == 1


@pytest.mark.parametrize("timeout", [float("inf"), 1e300])
def test_a_time_without_end(obj, timeout: float):
    stream = obj.perf_buffer("calls", count=1, timeout=timeout)
    timer = threading.Timer(0.1, produce, [1])
    timer.start()
    (event,) = stream
    timer.join()
    assert event.Number == 1


def test_wrong_arguments(obj, build):
    for pages in (0, 3, -8):
        with pytest.raises(ValueError, match="pages must be a power of two"):
            obj.perf_buffer("calls", pages=pages)
    with pytest.raises(TypeError, match="pages must be a number, not str"):
        obj.perf_buffer("calls", pages="8")
    with pytest.raises(tinybpf.MissingError, match="no map 'nope'"):
        obj.perf_buffer("nope")
    with pytest.raises(TypeError, match="timeout must be a number of seconds, not str"):
        obj.perf_buffer("calls", timeout="x")
    with pytest.raises(ValueError, match="count must not be negative"):
        obj.perf_buffer("calls", count=-1)
    with pytest.raises(
        tinybpf.BpfError, match=r"PERF_EVENT_ARRAY, expected RINGBUF\n.*perf_buffer\('calls'\)"
    ):
        obj.ring_buffer("calls")
    with (
        tinybpf.load(build("tracing")) as other,
        pytest.raises(
            tinybpf.BpfError, match=r"RINGBUF, expected PERF_EVENT_ARRAY\n.*ring_buffer\('events'\)"
        ),
    ):
        other.perf_buffer("events")


def test_buffers_that_are_too_large(obj):
    with pytest.raises(tinybpf.BpfError, match="read perf buffer 'calls' failed: "):
        obj.perf_buffer("calls", pages=1 << 20)


def test_nothing_is_leaked(build, me: int):
    def once() -> int:
        with tinybpf.load(build("perf"), variables={"target": me}) as obj:
            obj.program("on_getppid").attach()
            stream = obj.perf_buffer("calls", count=1)
            produce(1)
            assert len(list(stream)) == 1
        del obj, stream
        return settled()

    before = once()
    assert [once() for _ in range(10)] == [before] * 10


def test_closing_while_other_threads_read_and_count(build, me: int):
    for round_ in range(20):
        obj = tinybpf.load(build("perf"), variables={"target": me})
        obj.program("on_getppid").attach()
        streams = [obj.perf_buffer("calls", pages=1) for _ in range(2)]
        taken: list[int] = []

        def read(stream, taken=taken) -> None:
            taken.extend(event.Number for event in stream)

        def count(stream) -> None:
            while not stream.closed:
                assert stream.lost >= 0

        threads = [threading.Thread(target=read, args=[stream]) for stream in streams]
        threads.append(threading.Thread(target=count, args=[streams[0]]))
        for thread in threads:
            thread.start()
        produce(50)
        if round_ % 2:
            streams[0].close()
        obj.close()
        for thread in threads:
            thread.join()
        assert len(taken) <= 50 and len(set(taken)) == len(taken)


class TestBatches:
    def test_lists_of_bytes(self, obj):
        stream = obj.perf_buffer("calls")
        assert stream.drain() == []
        produce(5)
        records = stream.drain()
        assert observed("numbers of the records", sorted(record[4] for record in records)) == [1, 2, 3, 4, 5]
        assert {len(record) for record in records} == {PADDED} and stream.drain() == []

    def test_memory_without_the_padding(self, obj):
        stream, memory = obj.perf_buffer("calls"), bytearray(3 * SIZE)
        produce(5)
        assert (stream.read_into(memory), stream.read_into(memory)) == (3, 2)
        assert memory[SIZE - 1] == memory[2 * SIZE - 1] == ord("z")
        produce(2)
        assert sorted(stream.as_array(numpy=False).field("Number")) == [6, 7]

    def test_where_it_stands(self, obj):
        cpus = len(os.sched_getaffinity(0))
        stream = obj.perf_buffer("calls", pages=4)
        stats = stream.stats["calls"]
        assert stats.size >= cpus * 4 * os.sysconf("SC_PAGESIZE")
        assert (stats.available, stats.consumer, stats.producer, stats.lost) == (0, 0, 0, 0)
        produce(3)
        stats = stream.stats["calls"]
        assert stats.available == stats.producer == 3 * IN_BUFFER and stats.consumer == 0
        next(stream)
        stats = stream.stats["calls"]
        assert (stats.available, stats.consumer, stats.pending) == (0, 3 * IN_BUFFER, 2)

    def test_what_was_lost_by_cpu(self, obj):
        allowed = os.sched_getaffinity(0)
        cpu = max(allowed)
        stream = obj.perf_buffer("calls", pages=1)
        try:
            os.sched_setaffinity(0, {cpu})
            produce(500)
            taken = len(stream.drain())
            produce(1)  # with this one the kernel tells
            assert len(stream.drain()) == 1
        finally:
            os.sched_setaffinity(0, allowed)
        assert observed("taken and lost together, of 500", taken + stream.lost_on(cpu)) == 500
        assert stream.lost_on(cpu) == stream.stats["calls"].lost
        assert [stream.lost_on(other) for other in allowed - {cpu}] == [0] * (len(allowed) - 1)
        for wrong, error in ((-1, ValueError), (10_000, ValueError), ("0", TypeError)):
            with pytest.raises(error):
                stream.lost_on(wrong)

    def test_polled_buffers_have_them_too(self, obj):
        left: list[int] = []
        with tinybpf.BpfPerfBuffer(obj.map("calls"), lambda cpu, data: left.append(data[4]) or -1) as buffer:
            produce(3)
            assert (buffer.poll(5000), left) == (1, [1])
            assert [record[4] for record in buffer.drain(1)] == [2]
            assert buffer.stats["calls"].pending == 1 and buffer.lost() == buffer.lost(0) == 0
            assert (buffer.consume(5), left) == (1, [1, 3])
            produce(2)
            assert buffer.as_array(numpy=False).field("Number") == [4, 5]


def test_a_forked_child_cannot_read_them_and_says_so(obj):
    stream = obj.perf_buffer("calls")
    produce(1)
    child = os.fork()
    if not child:
        try:
            stream.drain()
        except tinybpf.BpfError as error:
            os._exit(0 if "a forked process has none" in str(error) else 2)
        os._exit(1)
    assert os.waitpid(child, 0)[1] == 0
    assert len(stream.drain()) == 1
