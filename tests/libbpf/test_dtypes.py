"""Records as NumPy's structured arrays."""

from __future__ import annotations

import ctypes
import sys

import pytest
from observing import observed

import tinybpf
from tinybpf.libbpf.btf import Btf
from tinybpf.libbpf.dtypes import dtype_for, dtype_of

numpy = pytest.importorskip("numpy")


def fill(obj, count: int, program: str = "fill") -> None:
    obj.program(program).test_run(bytes(64), repeat=count)


@pytest.fixture
def obj(build):
    with tinybpf.load(build("buffers")) as loaded:
        yield loaded


@pytest.mark.kernel
class TestArrays:
    def test_the_fields_of_all_records(self, obj):
        fill(obj, 5)
        found = obj.ring_buffer("events").as_array()
        assert found.dtype.names == ("Number", "Delta", "Port", "Kind", "OK", "Addr", "Places", "Comm")
        assert found.dtype.itemsize == 48 and found.shape == (5,)
        assert (
            observed("one field of all records", found["Number"].tolist()) == [1, 2, 3, 4, 5]
            and found["Number"].sum() == 15
        )
        assert found["Delta"].tolist() == [-1, -2, -3, -4, -5]
        assert found["Port"].tolist() == [443] * 5
        assert found["OK"].tolist() == [True, False, True, False, True]
        assert found["Addr"][2].tolist() == [192, 0, 2, 3]
        assert found["Places"]["Line"][:, 1].tolist() == [1, 2, 3, 4, 5]
        assert bytes(found["Comm"][0]).rstrip(b"\0") == b"go"

    def test_the_same_as_without_numpy(self, obj):
        fill(obj, 3)
        found = obj.ring_buffer("events").as_array()
        fill(obj, 3)
        plain = obj.ring_buffer("events").as_array(numpy=False)
        assert isinstance(plain, tinybpf.RecordArray)
        for name in ("Delta", "Port", "Kind", "OK"):
            later = [value + 3 * (-1 if name == "Delta" else 0) for value in found[name].tolist()]
            assert (later if name != "OK" else [not value for value in later]) == plain.field(name)

    def test_up_to_a_number_and_nothing(self, obj):
        stream = obj.ring_buffer("events")
        assert stream.as_array().shape == (0,)
        fill(obj, 5)
        assert [stream.as_array(n)["Number"].tolist() for n in (2, 0, 9)] == [[1, 2], [], [3, 4, 5]]

    def test_into_a_structured_array(self, obj):
        stream = obj.ring_buffer("events")
        dtype = stream.as_array().dtype
        fill(obj, 3)
        room = numpy.zeros(10, dtype)
        assert stream.read_into(room) == 3 and room["Number"].tolist() == [1, 2, 3] + [0] * 7
        fill(obj, 1, "short")
        words = numpy.zeros(4, [("tag", "<u4")])
        assert stream.read_into(words) == 1 and words["tag"].tolist() == [4, 0, 0, 0]
        room.setflags(write=False)
        with pytest.raises(TypeError, match="memory that can be written"):
            stream.read_into(room)

    def test_a_dtype_of_the_users_own(self, obj):
        fill(obj, 2)
        dtype = numpy.dtype({"names": ["n"], "formats": ["<u8"], "offsets": [0], "itemsize": 48})
        assert obj.ring_buffer("events").as_array(dtype=dtype)["n"].tolist() == [1, 2]
        fill(obj, 1)
        with pytest.raises(tinybpf.BpfError, match="its next record has 48 bytes, those of the array have 4"):
            obj.ring_buffer("events").as_array(dtype="<u4")

    def test_ctypes_and_plain_records(self, obj):
        class Event(ctypes.Structure):
            _fields_ = [("Number", ctypes.c_uint64), ("Rest", ctypes.c_uint8 * 40)]

        fill(obj, 2)
        assert obj.ring_buffer("events", event_type=Event).as_array()["Number"].tolist() == [1, 2]
        fill(obj, 2, "fillPlain")
        assert obj.ring_buffer("plain").as_array().tolist() == [3, 4]
        with tinybpf.BpfRingBuffer(obj.map("events")) as ring:
            fill(obj, 1)
            assert ring.as_array()["Number"].tolist() == [5]
        fill(obj, 1)
        event_type = type(next(obj.ring_buffer("events")))
        fill(obj, 1)
        assert obj.ring_buffer("events", event_type=event_type).as_array()["Number"].tolist() == [7]

    def test_records_of_a_perf_buffer_lose_their_padding(self, build, me: int):
        import os

        with tinybpf.load(build("perf"), variables={"target": me}) as obj:
            obj.program("on_getppid").attach()
            stream = obj.perf_buffer("calls")
            for _ in range(3):
                os.getppid()
            found = stream.as_array()
            assert sorted(found["Number"].tolist()) == [1, 2, 3] and found.dtype.itemsize == 24
            assert bytes(found["Data"][0]) == b"a" + bytes(14) + b"z"
            os.getppid()
            assert stream.as_array(numpy=False).field("Number") == [4]

    def test_it_owns_its_memory(self, build):
        with tinybpf.load(build("buffers")) as obj:
            fill(obj, 2)
            found = obj.ring_buffer("events").as_array()
        found["Number"] += 1
        assert found["Number"].tolist() == [2, 3]


def test_without_numpy(monkeypatch: pytest.MonkeyPatch):
    from tinybpf.libbpf import dtypes

    dtypes.numpy.cache_clear()
    monkeypatch.setitem(sys.modules, "numpy", None)
    assert dtypes.numpy() is None
    monkeypatch.undo()
    dtypes.numpy.cache_clear()
    assert dtypes.numpy() is numpy


def test_a_struct_of_clangs(sample_btf: Btf):
    """Its layout is BTF's: each field that is no bit field, at its offset."""
    checked = 0
    for name in sample_btf.names():
        type_id = sample_btf.find(name)
        assert type_id is not None
        found = sample_btf.type(type_id)
        if not found.fields:
            continue
        dtype = dtype_of(sample_btf, type_id)
        assert dtype.itemsize == found.size
        for field in found.fields:
            if field.name in (dtype.names or ()):
                kind, offset = dtype.fields[field.name][:2]
                assert (offset, kind.itemsize) == (field.offset, field.size), (name, field)
                checked += 1
    assert checked > 10


def test_bytes_of_a_size():
    assert dtype_for(None, 7) == numpy.dtype("V7")
