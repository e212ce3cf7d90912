"""Records from user space to a program: what it took, and what it added up."""

from __future__ import annotations

import ctypes
import dataclasses
import errno
import gc
import struct
import threading
import time
from pathlib import Path

import pytest
from observing import observed

import tinybpf

pytestmark = pytest.mark.kernel

DATA = Path(__file__).parent / "data"
SIZE, IN_RING, ROOM = 16, 24, 4096


class Command(ctypes.Structure):
    _fields_ = [("kind", ctypes.c_uint32), ("value", ctypes.c_int32), ("name", ctypes.c_char * 8)]


@dataclasses.dataclass
class Wish:
    kind: int
    value: int
    name: str = "wish"


@pytest.fixture
def obj():
    with tinybpf.load(DATA / "commands.elf") as loaded:
        yield loaded


@pytest.fixture
def ring(obj):
    return obj.user_ring_buffer("commands", record_type="command")


def drain(obj) -> int:
    """Let the program take what is there; how many records it was, as an int with a sign."""
    return ctypes.c_int32(obj.program("drain").test_run(ctx=bytes(8)).retval).value


def test_the_program_takes_what_was_written(obj, ring):
    ring.write({"kind": 1, "value": 40, "name": "one"})
    ring.write(Wish(2, -50))
    ring.write(struct.pack("<Ii8s", 3, 5, b"three"))
    assert drain(obj) == 3
    assert observed("records taken, and their sum", (obj.globals["taken"], obj.globals["sum"])) == (3, -5)
    last = obj.globals["last"]
    assert (last.kind, last.value, last.name.text) == (3, 5, "three")
    assert drain(obj) == 0


@pytest.mark.parametrize("how", ["ctypes", "class from BTF", "bytes"])
def test_types(obj, how: str):
    made = type(obj.globals["last"])
    types = {"ctypes": (Command, Command(7, 8, b"c")), "class from BTF": (made, made(kind=7, value=8))}
    record_type, value = types.get(how, (None, struct.pack("<Ii8s", 7, 8, b"")))
    obj.user_ring_buffer("commands", record_type=record_type).write(value)
    assert drain(obj) == 1 and (obj.globals["last"].kind, obj.globals["sum"]) == (7, 8)


class TestReserve:
    def test_it_is_submitted_at_the_end(self, obj, ring):
        with ring.reserve() as record:
            assert len(record.data) == SIZE
            record.data[:8] = struct.pack("<Ii", 4, 44)
        assert drain(obj) == 1 and obj.globals["sum"] == 44

    def test_an_exception_discards_it(self, obj, ring):
        with pytest.raises(ZeroDivisionError), ring.reserve() as record:
            record.data[4] = 1
            raise ZeroDivisionError
        ring.write({"value": 3})
        assert drain(obj) == 1 and obj.globals["sum"] == 3

    def test_in_the_order_of_the_reservations(self, obj, ring):
        first, second = ring.reserve(), ring.reserve()
        second.data[4] = 2
        second.submit()
        assert drain(obj) == 0 and obj.globals["taken"] == 0  # the first holds it up
        first.data[4] = 1
        first.submit()
        assert drain(obj) == 2 and obj.globals["last"].value == 2

    def test_once_only(self, obj, ring):
        record = ring.reserve(SIZE)
        record.submit()
        record.discard()
        with pytest.raises(tinybpf.BpfError, match="submitted or discarded before"):
            record.submit()
        assert drain(obj) == 1

    def test_data_of_another_size(self, obj, ring):
        with pytest.raises(ValueError, match="3 bytes given, 16 were reserved"), ring.reserve() as record:
            record.data = bytearray(3)
        ring.write({"value": 1})
        assert drain(obj) == 1  # nothing holds it up

    def test_one_that_nobody_holds_is_discarded(self, obj, ring):
        record = ring.reserve()
        del record
        gc.collect()
        ring.write({"value": 9})
        assert drain(obj) == 1 and obj.globals["sum"] == 9

    def test_closing_discards_what_is_reserved(self, obj, ring):
        record = ring.reserve()
        ring.close()
        for use in (record.submit, ring.reserve, lambda: ring.write({"value": 1})):
            with pytest.raises(tinybpf.BpfError, match=r"closed|submitted or discarded before"):
                use()
        obj.user_ring_buffer("commands", record_type="command").write({"value": 6})
        assert drain(obj) == 1 and obj.globals["sum"] == 6


class TestRoom:
    def test_no_room(self, obj, ring):
        for number in range(ROOM // IN_RING):
            ring.write({"value": number})
        with pytest.raises(
            tinybpf.BpfError, match="reserve 16 bytes in user ring buffer 'commands'"
        ) as caught:
            ring.write({"value": 1})
        assert caught.value.errno == errno.ENOSPC and "no program has drained it" in str(caught.value)
        begun = time.monotonic()
        with pytest.raises(tinybpf.BpfError):
            ring.write({"value": 1}, timeout=0.25)
        assert 0.25 <= time.monotonic() - begun < 3
        assert drain(obj) == ROOM // IN_RING
        ring.write({"value": 1})

    def test_it_waits_for_the_program(self, obj, ring):
        for _ in range(ROOM // IN_RING):
            ring.write({"value": 1})
        timer = threading.Timer(0.2, drain, [obj])
        timer.start()
        begun = time.monotonic()
        ring.write({"value": 2}, timeout=None)
        assert 0.15 < time.monotonic() - begun < 5
        timer.join()
        assert drain(obj) in (0, 1)  # a slow program may have taken the last one, too
        assert obj.globals["sum"] == ROOM // IN_RING + 2

    def test_too_large(self, ring):
        with pytest.raises(tinybpf.BpfError, match="max_entries") as caught:
            ring.reserve(ROOM, timeout=5)
        assert caught.value.errno == errno.E2BIG
        assert len(ring.reserve(ROOM - 8).data) == ROOM - 8

    def test_closing_ends_a_wait(self, obj, ring):
        with ring.reserve(ROOM - 8):
            pass
        timer = threading.Timer(0.2, obj.close)
        timer.start()
        with pytest.raises(tinybpf.BpfError, match="closed"):
            ring.write({"value": 1}, timeout=None)
        timer.join()


def test_many_threads_write(obj, ring):
    def write() -> None:
        for _ in range(500):
            ring.write({"value": 1}, timeout=None)

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        drain(obj)
    drain(obj)
    assert (obj.globals["taken"], obj.globals["sum"]) == (2000, 2000)


def test_wrong_arguments(obj, ring, build):
    with pytest.raises(tinybpf.BtfValidationError, match="no type 'nope'"):
        obj.user_ring_buffer("commands", record_type="nope")
    with pytest.raises(tinybpf.MissingError, match="no map 'nope'"):
        obj.user_ring_buffer("nope")
    with pytest.raises(TypeError, match="no field 'valeu'"):
        ring.write({"valeu": 1})
    with pytest.raises(ValueError, match="out of range"):
        ring.write({"value": 1 << 31})
    raw = obj.user_ring_buffer("commands")
    with pytest.raises(TypeError, match=r"5 .* is no bytes; give the buffer a record_type"):
        raw.write(5)
    with pytest.raises(TypeError, match="reserve needs a size"):
        raw.reserve()
    with pytest.raises(ValueError, match="from 0: -1"):
        raw.reserve(-1)
    with pytest.raises(TypeError, match="size must be a number of bytes, not str"):
        raw.reserve("x")
    with (
        tinybpf.load(build("tracing")) as other,
        pytest.raises(tinybpf.BpfError, match="'events' is type RINGBUF, expected USER_RINGBUF"),
    ):
        other.user_ring_buffer("events")
    assert repr(raw) == "<UserRingBuffer 'commands'>"
    obj.close()
    assert repr(raw) == "<UserRingBuffer 'commands' closed>"
