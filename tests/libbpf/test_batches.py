"""Many records at once: lists of bytes, memory, arrays; where a buffer stands."""

from __future__ import annotations

import array
import ctypes
import os
import struct
import threading
from contextlib import suppress

import pytest
from observing import observed

import tinybpf

pytestmark = pytest.mark.kernel

SIZE = 48  # of an Event
IN_RING = SIZE + 8


class Event(ctypes.Structure):
    _fields_ = [("Number", ctypes.c_uint64), ("Delta", ctypes.c_int32), ("Rest", ctypes.c_uint8 * 36)]


@pytest.fixture
def obj(build):
    with tinybpf.load(build("buffers")) as loaded:
        yield loaded


def fill(obj, count: int, program: str = "fill") -> None:
    obj.program(program).test_run(bytes(64), repeat=count)


def numbers(records: list[bytes]) -> list[int]:
    return [struct.unpack_from("<Q", record)[0] for record in records]


@pytest.fixture(params=["stream", "ring buffer"])
def reader(obj, request: pytest.FixtureRequest):
    if request.param == "stream":
        return obj.ring_buffer("events")
    return tinybpf.BpfRingBuffer(obj.map("events"))


class TestDrain:
    def test_it_takes_what_is_there(self, obj, reader):
        assert reader.drain() == []
        fill(obj, 5)
        records = reader.drain()
        assert observed("numbers of the records", numbers(records)) == [1, 2, 3, 4, 5]
        assert {type(record) for record in records} == {bytes} and {len(r) for r in records} == {SIZE}
        assert reader.drain() == [] and reader.stats["events"].available == 0

    def test_up_to_a_number(self, obj, reader):
        fill(obj, 10)
        assert [numbers(reader.drain(n)) for n in (0, 3, 4, 100)] == [[], [1, 2, 3], [4, 5, 6, 7], [8, 9, 10]]

    def test_without_a_limit(self, obj, reader):
        fill(obj, 1000)
        assert numbers(reader.drain(None)) == list(range(1, 1001))

    def test_discarded_records_leave_no_trace(self, obj, reader):
        fill(obj, 2)
        fill(obj, 3, "discard")
        fill(obj, 1)
        fill(obj, 2, "discard")
        assert numbers(reader.drain()) == [1, 2, 6]
        assert reader.stats["events"].available == 0
        fill(obj, 1, "discard")
        assert reader.stats["events"].available == IN_RING
        assert reader.drain() == [] and reader.stats["events"].available == 0

    def test_the_ring_goes_round(self, obj, reader):
        expected = 0
        for _ in range(10):
            fill(obj, 700)  # more than half of the ring
            assert numbers(reader.drain()) == list(range(expected + 1, expected + 701))
            expected += 700
        assert reader.stats["events"].producer == 7000 * IN_RING > 5 * reader.stats["events"].size

    def test_what_one_took_another_does_not_get(self, obj):
        stream, ring = obj.ring_buffer("events"), tinybpf.BpfRingBuffer(obj.map("events"))
        fill(obj, 6)
        assert next(stream).Number == 1  # the others were read with it
        assert stream.stats["events"].pending == 5
        assert numbers(ring.drain(2)) == [2, 3]
        assert next(stream).Number == 4
        assert numbers(stream.drain()) == [5, 6] and ring.drain() == []

    def test_what_a_callback_left_comes_first(self, obj):
        ring = tinybpf.BpfRingBuffer(obj.map("events"), lambda record: -1)
        fill(obj, 3)
        assert ring.poll(1000) == 1
        fill(obj, 1)
        assert numbers(ring.drain()) == [2, 3, 4]

    def test_several_maps(self, obj):
        ring = tinybpf.BpfRingBuffer()
        ring.add(obj.map("events"))
        ring.add(obj.map("plain"))
        fill(obj, 2)
        fill(obj, 2, "fillPlain")
        assert [len(record) for record in ring.drain(3)] == [SIZE, SIZE, 4]
        assert [len(record) for record in ring.drain()] == [4]
        assert set(ring.stats) == {"events", "plain"} and ring.stats["plain"].size == 4096
        with pytest.raises(tinybpf.BpfError, match="one map, and this reads several: events, plain"):
            ring.as_array()

    def test_a_stream_counts_them(self, obj):
        fill(obj, 10)
        stream = obj.ring_buffer("events", count=5)
        assert numbers(stream.drain(2)) == [1, 2]
        assert len(stream.as_array(2, numpy=False)) == 2
        assert stream.read_into(bytearray(10 * SIZE)) == 1
        assert stream.drain() == [] and list(stream) == []
        assert numbers(obj.ring_buffer("events").drain()) == [6, 7, 8, 9, 10]

    def test_wrong_numbers_and_closed_readers(self, obj, reader):
        with pytest.raises(ValueError, match="most must not be negative: -1"):
            reader.drain(-1)
        with pytest.raises(TypeError, match="most must be a whole number, not float"):
            reader.drain(1.5)
        reader.close()
        for use in (
            reader.drain,
            reader.as_array,
            lambda: reader.read_into(bytearray(8)),
            lambda: reader.stats,
        ):
            with pytest.raises(tinybpf.BpfError, match="'events' is closed"):
                use()


class TestConsume:
    def test_at_most_so_many(self, obj):
        got: list[bytes] = []
        ring = tinybpf.BpfRingBuffer(obj.map("events"), got.append)
        fill(obj, 10)
        assert observed("events of consume(3)", (ring.consume(3), numbers(got))) == (3, [1, 2, 3])
        assert (ring.consume(0), ring.consume(5), numbers(got)) == (0, 5, [1, 2, 3, 4, 5, 6, 7, 8])
        assert (ring.consume(), len(got)) == (2, 10)

    def test_over_several_maps(self, obj):
        got: list[int] = []
        ring = tinybpf.BpfRingBuffer()
        for name in ("events", "plain"):
            ring.add(obj.map(name), lambda record: got.append(len(record)))
        fill(obj, 2)
        fill(obj, 2, "fillPlain")
        assert (ring.consume(3), got) == (3, [SIZE, SIZE, 4])
        assert (ring.consume(3), got) == (1, [SIZE, SIZE, 4, 4])


class TestReadInto:
    @pytest.mark.parametrize(
        "memory",
        [bytearray(4 * SIZE), memoryview(bytearray(4 * SIZE + 7)), array.array("Q", bytes(4 * SIZE))],
    )
    def test_as_many_as_fit(self, obj, reader, memory):
        fill(obj, 6)
        assert observed("records that fit", reader.read_into(memory)) == 4
        raw = bytes(memory)
        assert [struct.unpack_from("<Qi", raw, at * SIZE) for at in range(4)] == [
            (1, -1), (2, -2), (3, -3), (4, -4)
        ]  # fmt: skip
        assert reader.read_into(memory) == 2 and bytes(memory)[8] == 256 - 5
        assert reader.read_into(memory) == 0

    def test_what_was_taken_before_comes_first(self, obj):
        stream = obj.ring_buffer("events")
        fill(obj, 4)
        assert next(stream).Number == 1
        fill(obj, 4)
        memory = bytearray(10 * SIZE)
        assert stream.read_into(memory) == 7
        assert [memory[at * SIZE] for at in range(7)] == [2, 3, 4, 5, 6, 7, 8]

    def test_records_of_another_size_end_it(self, obj, reader):
        fill(obj, 2)
        fill(obj, 1, "short")
        memory = bytearray(8 * SIZE)
        assert reader.read_into(memory) == 2
        with pytest.raises(
            tinybpf.BpfError,
            match="'events' failed: its next record has 4 bytes, those of the array have 48",
        ):
            reader.read_into(memory)
        assert reader.read_into(memory, record_size=4) == 1 and memory[0] == 3
        fill(obj, 1, "short")
        assert reader.drain(1) == [struct.pack("<I", 4)]

    def test_memory_that_cannot_be_used(self, obj, reader):
        with pytest.raises(TypeError, match="memory that can be written, not bytes"):
            reader.read_into(bytes(SIZE))
        with pytest.raises(TypeError, match="memory in one piece"):
            reader.read_into(memoryview(bytearray(SIZE))[::2])
        with pytest.raises(TypeError):
            reader.read_into(5)
        for size in (0, -1, 1.5, True):
            with pytest.raises(ValueError, match="record_size must be a number of bytes above 0"):
                reader.read_into(bytearray(SIZE), record_size=size)
        fill(obj, 1)
        assert reader.read_into(bytearray(SIZE - 1)) == 0 == reader.read_into(bytearray())
        assert numbers(reader.drain()) == [1]


class TestRecordArray:
    def test_events_fields_and_bytes(self, obj, reader):
        fill(obj, 4)
        found = reader.as_array(numpy=False)
        assert isinstance(found, tinybpf.RecordArray)
        assert (len(found), found.record_size, found.nbytes) == (4, SIZE, 4 * SIZE)
        assert repr(found) == "<RecordArray of 4 records of 48 bytes>"
        assert found.names == ("Number", "Delta", "Port", "Kind", "OK", "Addr", "Places", "Comm")
        assert observed("one field of all records", found.field("Number")) == [1, 2, 3, 4] and found.field(
            "Delta"
        ) == [-1, -2, -3, -4]
        assert found.field("Port") == [443] * 4 and found.field("OK") == [True, False, True, False]
        assert [kind.name for kind in found.field("Kind")] == ["KindWrite"] * 4
        assert [str(addr) for addr in found.field("Addr")][2] == "192.0.2.3"
        assert found.field("Places")[3][1].Line == 4
        assert [event.Number for event in found] == [1, 2, 3, 4]
        assert found[-1].Comm.text == "go" and found[0] == next(iter(found))
        assert numbers([found.tobytes()[SIZE:]]) == [2]
        with pytest.raises(KeyError, match="no field 'nope'; there is: Number, Delta"):
            found.field("nope")

    def test_slices_share_the_memory(self, obj, reader):
        fill(obj, 5)
        found = reader.as_array(numpy=False)
        part = found[1:4]
        assert part.field("Number") == [2, 3, 4] and len(found[4:2]) == 0
        part.data[0] = 77
        assert found[1].Number == 77
        with pytest.raises(IndexError):
            found[5]
        with pytest.raises(ValueError, match="no step"):
            found[::2]

    def test_nothing_there(self, reader):
        found = reader.as_array(numpy=False)
        assert len(found) == 0 and list(found) == [] and found.field("Number") == []

    def test_a_type_of_the_users_own(self, obj):
        fill(obj, 2)
        found = obj.ring_buffer("events", event_type=Event).as_array(numpy=False)
        assert [event.Delta for event in found] == [-1, -2] and found.names == ()
        assert {type(event) for event in found} == {Event}

    def test_it_outlives_the_object(self, build):
        with tinybpf.load(build("buffers")) as obj:
            fill(obj, 2)
            found = obj.ring_buffer("events").as_array(numpy=False)
        assert found.field("Number") == [1, 2]


class TestStats:
    def test_positions_and_what_is_available(self, obj, reader):
        assert reader.stats["events"] == (1 << 16, 0, 0, 0, 0, 0)
        fill(obj, 3)
        found = reader.stats["events"]
        assert observed(
            "available, consumer, producer", (found.available, found.consumer, found.producer)
        ) == (3 * IN_RING, 0, 3 * IN_RING)
        reader.drain(1)
        assert reader.stats["events"][1:4] == (2 * IN_RING, IN_RING, 3 * IN_RING)

    def test_what_was_lost(self, obj, reader):
        fits = (1 << 16) // IN_RING
        fill(obj, fits + 30)
        assert observed("events that found no room", reader.stats["events"].lost) == 30 == obj.lost("events")
        assert len(reader.drain()) == fits

    def test_nobody_counts_in_another_programs_map(self, build):
        with tinybpf.load(build("tracing")) as other:
            assert tinybpf.BpfRingBuffer(other.map("events")).stats["events"].lost is None


def test_a_reader_in_another_process_that_ruins_the_positions(obj, reader):
    """The consumer's position is memory that any reader of the map can write."""
    import mmap

    fill(obj, 10)
    with mmap.mmap(obj.map("events").fd, mmap.PAGESIZE) as page:
        for wrong in (3, 1 << 40):
            page[:8] = struct.pack("<Q", wrong)
            for use in (reader.drain, lambda: reader.read_into(bytearray(SIZE))):
                with pytest.raises(tinybpf.BpfError, match="does another process read it, too"):
                    use()
        for inside in range(8, 10 * IN_RING, 8):  # whatever stands there is taken for a record's length
            page[:8] = struct.pack("<Q", inside)
            with suppress(tinybpf.BpfError):
                assert len(b"".join(reader.drain())) < 10 * IN_RING
        page[:8] = struct.pack("<Q", 10 * IN_RING)
    fill(obj, 1)
    assert numbers(reader.drain()) == [11]


def test_threads_that_take_in_different_ways_share_the_records(obj):
    """Each record goes to one of them, while the program writes."""
    total, seen, done = 20_000, [], threading.Event()
    endless = obj.ring_buffer("events")

    def drains() -> None:
        stream = obj.ring_buffer("events")
        while not done.is_set():
            seen.extend(numbers(stream.drain(50)))

    def reads() -> None:
        stream, memory = obj.ring_buffer("events"), bytearray(40 * SIZE)
        while not done.is_set():
            count = stream.read_into(memory)
            seen.extend(struct.unpack_from("<Q", memory, at * SIZE)[0] for at in range(count))

    def iterates() -> None:
        seen.extend(event.Number for event in endless)

    threads = [threading.Thread(target=work) for work in (drains, reads, iterates)]
    for thread in threads:
        thread.start()
    while len(seen) < total:
        if obj.ring_buffer("events").stats["events"].available < 1 << 15 and obj.globals["number"] < total:
            fill(obj, 100)
    done.set()
    endless.close()
    for thread in threads:
        thread.join()
    assert sorted(seen) == list(range(1, obj.globals["number"] + 1))


@pytest.mark.parametrize("what", ["reader", "object"])
def test_closing_while_threads_take(build, what: str):
    for _ in range(20):
        obj = tinybpf.load(build("buffers"))
        fill(obj, 500)
        stream = obj.ring_buffer("events")
        failures: list[str] = []

        def take(stream=stream, failures=failures) -> None:
            memory = bytearray(SIZE)
            try:
                while True:
                    stream.drain(1)
                    stream.read_into(memory)
                    stream.as_array(1, numpy=False)
                    assert stream.stats["events"].size == 1 << 16
            except tinybpf.BpfError as error:
                failures.append(str(error))

        threads = [threading.Thread(target=take) for _ in range(3)]
        for thread in threads:
            thread.start()
        (stream if what == "reader" else obj).close()
        for thread in threads:
            thread.join()
        assert len(failures) == 3 and all("closed" in failure for failure in failures)
        obj.close()


def test_a_forked_child_reads_the_same_ring(obj):
    stream = obj.ring_buffer("events")
    fill(obj, 4)
    child = os.fork()
    if not child:
        os._exit(0 if numbers(stream.drain(2)) == [1, 2] else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert numbers(stream.drain()) == [3, 4]
