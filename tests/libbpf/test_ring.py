"""Ring buffers: the stream, and `BpfRingBuffer` with callbacks and by iteration."""

from __future__ import annotations

import ctypes
import errno
import os
import select
import signal
import threading
import time
from pathlib import Path

import pytest
from observing import observed

import tinybpf

pytestmark = pytest.mark.kernel


class Call(ctypes.Structure):
    _fields_ = [("PID", ctypes.c_uint32), ("Number", ctypes.c_uint16), ("Comm", ctypes.c_char * 16)]


@pytest.fixture
def obj(build, me: int):
    with tinybpf.load(build("tracing")) as loaded:
        start(loaded, me)
        yield loaded


def start(obj, me: int) -> None:
    """Report this process's calls."""
    obj.map("counts")[me] = 0
    obj.program("on_getppid").attach()


def produce(count: int) -> None:
    """So many events, all from this process."""
    for _ in range(count):
        os.getppid()


class TestStream:
    def test_events_have_the_fields_of_the_go_struct(self, obj, me: int):
        produce(3)
        first, second, third = obj.ring_buffer("events", count=3, timeout=5)
        comm = Path("/proc/self/comm").read_text().strip()
        assert (first.PID, first.Number, str(first.Comm)) == (me, 1, comm)
        assert observed("numbers of the second and third event", [second.Number, third.Number]) == [2, 3]
        assert repr(first).startswith(f"call(PID={me}, Number=1, Comm=")

    def test_it_ends_after_the_count(self, obj):
        produce(5)
        stream = obj.ring_buffer("events", count=2, timeout=5)
        assert [event.Number for event in stream] == [1, 2]
        assert stream.closed and next(stream, None) is None
        assert list(obj.ring_buffer("events", count=0)) == []

    def test_what_one_stream_leaves_the_next_one_gets(self, obj):
        produce(5)
        for event in obj.ring_buffer("events"):
            assert event.Number == 1
            break
        with obj.ring_buffer("events", count=4, timeout=5) as stream:
            assert [event.Number for event in stream] == [2, 3, 4, 5]

    def test_it_ends_after_the_time(self, obj):
        begun = time.monotonic()
        assert list(obj.ring_buffer("events", timeout=0.2)) == []
        assert 0.2 <= time.monotonic() - begun < 2
        begun = time.monotonic()
        assert list(obj.ring_buffer("events", timeout=0)) == []
        assert time.monotonic() - begun < 0.2

    def test_the_time_ends_a_stream_that_never_runs_dry(self, obj):
        stop = threading.Event()

        def work() -> None:
            while not stop.is_set():
                os.getppid()

        thread = threading.Thread(target=work)
        thread.start()
        begun = time.monotonic()
        events = list(obj.ring_buffer("events", timeout=0.3))
        stop.set()
        thread.join()
        assert len(events) > 10 and time.monotonic() - begun < 5

    def test_it_waits_for_what_comes_later(self, obj):
        timer = threading.Timer(0.2, produce, [1])
        begun = time.monotonic()
        timer.start()
        (event,) = obj.ring_buffer("events", count=1, timeout=10)
        assert event.Number == 1 and 0.15 < time.monotonic() - begun < 5

    @pytest.mark.parametrize("what", ["stream", "object"])
    def test_closing_in_another_thread_ends_it(self, obj, what: str):
        stream = obj.ring_buffer("events")
        timer = threading.Timer(0.2, (stream if what == "stream" else obj).close)
        timer.start()
        begun = time.monotonic()
        assert list(stream) == []
        assert time.monotonic() - begun < 5
        timer.join()

    def test_closing_in_the_loop_ends_it(self, obj):
        produce(10)
        stream = obj.ring_buffer("events")
        taken = []
        for event in stream:
            taken.append(event.Number)
            if event.Number == 3:
                stream.close()
        assert taken == [1, 2, 3]

    def test_closing_the_object_in_the_loop_ends_it(self, obj):
        produce(10)
        assert [obj.close() for _ in obj.ring_buffer("events")] == [None]

    def test_many_events_come_in_order(self, obj):
        for _ in range(5):
            produce(1500)
            numbers = [event.Number for event in obj.ring_buffer("events", count=1500, timeout=5)]
            assert len(numbers) == 1500
            assert numbers == list(range(numbers[0], numbers[0] + 1500))

    def test_types_of_the_users_own(self, obj, me: int):
        produce(2)
        (event,) = obj.ring_buffer("events", count=1, timeout=5, event_type=Call)
        assert isinstance(event, Call) and (event.PID, event.Number) == (me, 1)
        (event,) = obj.ring_buffer("events", count=1, timeout=5, event_type=bytes)
        assert type(event) is bytes and len(event) == ctypes.sizeof(Call) == 24
        assert int.from_bytes(event[:4], "little") == me

    def test_a_type_of_another_size(self, obj):
        produce(1)
        with pytest.raises(
            tinybpf.BpfError, match=r"event of ring buffer 'events': 24 bytes are no c_uint\w*: it has 4"
        ):
            next(obj.ring_buffer("events", event_type=ctypes.c_uint32))

    def test_wrong_arguments(self, obj):
        with pytest.raises(tinybpf.BpfError, match="map 'counts' is type HASH, expected RINGBUF"):
            obj.ring_buffer("counts")
        with pytest.raises(tinybpf.MissingError, match="no map 'nope'"):
            obj.ring_buffer("nope")
        with pytest.raises(ValueError, match="timeout must not be negative"):
            obj.ring_buffer("events", timeout=-1)
        with pytest.raises(ValueError, match="count must not be negative"):
            obj.ring_buffer("events", count=-1)
        with pytest.raises(TypeError, match="event_type must be"):
            obj.ring_buffer("events", event_type=17)

    def test_repr(self, obj):
        stream = obj.ring_buffer("events", timeout=1.5, count=3)
        assert repr(stream) == "<EventStream of 'events' timeout=1.5 left=3>"
        stream.close()
        assert repr(stream) == "<EventStream of 'events' timeout=1.5 left=3 closed>"

    def test_ctrl_c_interrupts_the_wait(self, obj):
        def interrupt(signum, frame):
            raise KeyboardInterrupt

        previous = signal.signal(signal.SIGALRM, interrupt)
        signal.setitimer(signal.ITIMER_REAL, 0.2)
        begun = time.monotonic()
        try:
            with pytest.raises(KeyboardInterrupt):
                list(obj.ring_buffer("events"))
        finally:
            signal.signal(signal.SIGALRM, previous)
        assert time.monotonic() - begun < 3

    def test_a_signal_without_exception_is_no_end(self, obj, me: int):
        seen = []
        previous = signal.signal(signal.SIGALRM, lambda *_: (seen.append(1), os.getppid()))
        signal.setitimer(signal.ITIMER_REAL, 0.2)
        try:
            (event,) = obj.ring_buffer("events", count=1, timeout=10)
        finally:
            signal.signal(signal.SIGALRM, previous)
        assert seen == [1] and me == event.PID


class TestCallback:
    def test_events_are_handed_over(self, obj):
        got = []
        with tinybpf.BpfRingBuffer(obj.map("events"), got.append, event_type=Call) as ring:
            produce(3)
            assert ring.poll(1000) == 3
            assert observed("numbers of the events", [event.Number for event in got]) == [1, 2, 3]
            assert ring.poll(0) == 0 and ring.consume() == 0
            produce(1)
            assert ring.consume() == 1
            assert got[3].Number == 4
            assert repr(ring) == "<BpfRingBuffer of 'events' by callback>"

    def test_a_negative_number_stops_and_the_rest_comes_next_time(self, obj):
        got = []

        def callback(data: bytes) -> int:
            got.append(data)
            return -1 if len(got) == 2 else 0

        ring = tinybpf.BpfRingBuffer(obj.map("events"), callback)
        produce(5)
        assert (ring.poll(1000), len(got)) == (2, 2)
        assert (ring.poll(1000), len(got)) == (3, 5)

    def test_an_exception_reaches_the_caller_of_poll(self, obj):
        got = []

        def callback(data: bytes) -> None:
            got.append(data)
            if len(got) == 2:
                raise ZeroDivisionError("mine")

        ring = tinybpf.BpfRingBuffer(obj.map("events"), callback)
        produce(4)
        with pytest.raises(ZeroDivisionError, match="mine"):
            ring.poll(1000)
        assert (ring.consume(), len(got)) == (2, 4)

    @pytest.mark.parametrize("what", ["ring", "object"])
    def test_a_callback_may_close(self, obj, what: str):
        got = []

        def callback(data: bytes) -> None:
            got.append(data)
            (ring if what == "ring" else obj).close()

        ring = tinybpf.BpfRingBuffer(obj.map("events"), callback)
        produce(5)
        assert ring.poll(1000) >= 1
        assert len(got) == 1
        with pytest.raises(tinybpf.BpfError, match="closed"):
            ring.poll(0)

    def test_a_callback_may_poll(self, obj):
        got = []

        def callback(event: Call) -> None:
            got.append(event.Number)
            if len(got) == 1:
                ring.poll(0)

        ring = tinybpf.BpfRingBuffer(obj.map("events"), callback, event_type=Call)
        produce(3)
        ring.poll(1000)
        assert got == [1, 2, 3]

    def test_a_memoryview_outlives_the_ring(self, obj, me: int):
        got = []
        ring = tinybpf.BpfRingBuffer(obj.map("events"), got.append, as_memoryview=True)
        produce(1)
        ring.poll(1000)
        ring.close()
        obj.close()
        assert isinstance(got[0], memoryview) and int.from_bytes(got[0][:4], "little") == me

    @pytest.mark.parametrize("what", ["ring", "object"])
    def test_closing_in_another_thread_ends_the_poll(self, obj, what: str):
        ring = tinybpf.BpfRingBuffer(obj.map("events"), lambda data: None)
        timer = threading.Timer(0.2, (ring if what == "ring" else obj).close)
        timer.start()
        begun = time.monotonic()
        assert ring.poll(-1) == 0
        assert time.monotonic() - begun < 5
        timer.join()

    def test_a_signal_ends_the_poll_when_asked_to(self, obj):
        ring = tinybpf.BpfRingBuffer(obj.map("events"), lambda data: None)
        previous = signal.signal(signal.SIGALRM, lambda *_: None)
        try:
            signal.setitimer(signal.ITIMER_REAL, 0.2)
            begun = time.monotonic()
            assert ring.poll(-1, ignore_eintr=False) == 0
            assert time.monotonic() - begun < 5
            signal.setitimer(signal.ITIMER_REAL, 0.05)
            begun = time.monotonic()
            assert ring.poll(300) == 0
            assert time.monotonic() - begun >= 0.3
        finally:
            signal.signal(signal.SIGALRM, previous)


class TestIteration:
    def test_it_takes_what_was_polled(self, obj):
        ring = tinybpf.BpfRingBuffer(obj.map("events"), event_type=Call)
        produce(3)
        assert list(ring) == []
        assert ring.poll(1000) == 3
        assert [event.Number for event in ring] == [1, 2, 3]
        assert list(ring) == []
        assert repr(ring) == "<BpfRingBuffer of 'events' by iteration>"

    def test_a_class_made_from_btf(self, obj, me: int):
        ring = tinybpf.BpfRingBuffer()
        ring.add(obj.map("events"), event_type=None)
        produce(1)
        ring.consume()
        (event,) = ring
        assert (event.PID, event.Number) == (me, 1)

    def test_several_maps(self, obj, build, me: int):
        with tinybpf.load(build("tracing")) as other:
            start(other, me)
            first, second = [], []
            ring = tinybpf.BpfRingBuffer()
            ring.add(obj.map("events"), first.append)
            ring.add(other.map("events"), second.append)
            produce(4)
            assert ring.consume() == 8
            assert observed("events of each", (len(first), len(second))) == (4, 4)

    def test_the_descriptor_can_be_waited_on(self, obj):
        ring = tinybpf.BpfRingBuffer(obj.map("events"))
        assert ring.fileno() == ring.epoll_fd() > 2
        assert select.select([ring], [], [], 0) == ([], [], [])
        produce(1)
        assert select.select([ring], [], [], 5)[0] == [ring]
        assert ring.consume() == 1
        assert select.select([ring], [], [], 0) == ([], [], [])

    def test_a_type_is_checked_against_btf(self, obj):
        tinybpf.BpfRingBuffer(obj.map("events"), event_type=Call, validate_btf_struct="call")

        class Short(ctypes.Structure):
            _fields_ = [("PID", ctypes.c_uint32)]

        with pytest.raises(tinybpf.BtfValidationError, match="Short has 4 bytes, BTF's 'call' has 24"):
            tinybpf.BpfRingBuffer(obj.map("events"), event_type=Short, validate_btf_struct="call")
        with pytest.raises(tinybpf.BtfValidationError, match="no struct 'absent'") as caught:
            tinybpf.BpfRingBuffer(obj.map("events"), event_type=Call, validate_btf_struct="absent")
        assert "global variable" in caught.value.suggestions[0]

    def test_what_cannot_be_mixed(self, obj, build):
        events = obj.map("events")
        with pytest.raises(tinybpf.BpfError, match="map 'counts' is type HASH, expected RINGBUF"):
            tinybpf.BpfRingBuffer(obj.map("counts"))
        with pytest.raises(tinybpf.BpfError, match="no maps were added"):
            tinybpf.BpfRingBuffer().poll(0)
        with pytest.raises(TypeError, match="a callback needs its map"):
            tinybpf.BpfRingBuffer(callback=print)
        with pytest.raises(TypeError, match="callback must be callable, not int"):
            tinybpf.BpfRingBuffer(events, 3)
        ring = tinybpf.BpfRingBuffer(events, print)
        with pytest.raises(tinybpf.BpfError, match="map 'events' is in this ring buffer already"):
            ring.add(events, print)
        with pytest.raises(tinybpf.BpfError, match="cannot be iterated"):
            iter(ring)
        with tinybpf.load(build("tracing")) as other:
            with pytest.raises(tinybpf.BpfError, match="with a callback and maps without cannot be mixed"):
                ring.add(other.map("events"))
            with pytest.raises(tinybpf.BpfError, match="memoryview and bytes cannot be mixed"):
                ring.add(other.map("events"), print, as_memoryview=True)


def test_two_readers_in_two_threads_share_the_events(obj):
    """Each event goes to one of them, and the kernel's ring stays whole."""
    total, got = 3000, []

    def read() -> None:
        for event in obj.ring_buffer("events", timeout=1.5):
            got.append(event.Number)

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    for _ in range(total // 300):
        produce(300)
        time.sleep(0.02)
    for reader in readers:
        reader.join()
    assert sorted(got) == list(range(1, total + 1))


def test_a_wait_on_a_bad_descriptor_is_an_error(obj):
    ring = tinybpf.BpfRingBuffer(obj.map("events"))
    os.close(ring.epoll_fd())
    with pytest.raises(tinybpf.BpfError, match="wait for a ring buffer failed") as caught:
        ring.poll(10)
    assert caught.value.errno == errno.EBADF
