"""Raw records of ring and perf buffers, read below one descriptor."""

from __future__ import annotations

import os
import select
import struct

import pytest

import tinybpf
from tinybpf.libbpf.records import RecordReader

pytestmark = pytest.mark.kernel


@pytest.fixture
def reader():
    made = RecordReader()
    yield made
    made.close()


def numbers(records: list[bytes]) -> list[int]:
    """The numbers of the events, which count from 1: behind the process id, of 2 or 4 bytes."""
    return [struct.unpack_from("IH", record)[1] for record in records]


def test_records_of_both_kinds_of_buffer(build, me: int, reader: RecordReader):
    with (
        tinybpf.load(build("perf"), variables={"target": me}) as perf,
        tinybpf.load(build("tracing")) as ring,
    ):
        lost = reader.add(perf.map("calls"), 4)
        assert reader.add(ring.map("events"), 4) is None
        assert lost is not None and lost() == 0
        assert reader.drain(0) == reader.drain(1) == []
        assert not select.select([reader.fd], [], [], 0)[0]
        perf.program("on_getppid").attach()
        ring.map("counts")[me] = 0
        ring.program("on_getppid").attach()
        for _ in range(3):
            os.getppid()
        assert select.select([reader.fd], [], [], 5)[0]
        assert numbers(reader.drain(0)) == [1, 2, 3]
        assert numbers(reader.drain(1)) == [1, 2, 3]
        assert reader.drain(0) == reader.drain(1) == []


def test_what_found_no_room_is_counted(build, me: int, reader: RecordReader):
    with tinybpf.load(build("perf"), variables={"target": me}) as obj:
        lost = reader.add(obj.map("calls"), 1)
        assert lost is not None
        obj.program("on_getppid").attach()
        cpus = os.sched_getaffinity(0)
        try:
            os.sched_setaffinity(0, {min(cpus)})
            for _ in range(1000):
                os.getppid()
            fitted = len(reader.drain(0))
            os.getppid()  # the kernel tells with the next that fits
            assert len(reader.drain(0)) == 1
        finally:
            os.sched_setaffinity(0, cpus)
        assert 0 < fitted < 1000 and lost() == 1000 - fitted


def test_another_map_and_the_end(build, reader: RecordReader):
    with tinybpf.load(build("maps")) as obj:
        name = next(iter(obj.maps))
        with pytest.raises(tinybpf.BpfError, match=f"read ring buffer '{name}' failed"):
            reader.add(obj.map(name), 4)
    reader.close()
    reader.close()
    assert reader.fd == -1
