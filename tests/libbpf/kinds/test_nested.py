"""Maps of maps, filled from Python and read by a program."""

from __future__ import annotations

import struct

import pytest
from descriptors import settled
from observing import observed

import tinybpf
from tinybpf import create_map

pytestmark = pytest.mark.kernel


@pytest.fixture
def inner():
    with create_map("hash", key="u32", value="u64", max_entries=8, name="inner") as made:
        yield made


def test_a_program_looks_into_the_inner_map(kinds, inner):
    maps, run = kinds.map("maps"), kinds.program("look_inside").test_run
    assert run(data=struct.pack("=IIQ", 2, 7, 0)).retval == 0xFFFFFFFF
    maps[2] = inner
    inner[7] = 99
    found = run(data=struct.pack("=IIQ", 2, 7, 0))
    assert (
        found.retval == 0
        and observed(
            "value that the program found in the inner map", struct.unpack("=IIQ", found.data_out)[2]
        )
        == 99
    )
    assert run(data=struct.pack("=IIQ", 2, 8, 0)).retval == 0xFFFFFFFE
    with maps[2] as opened:
        assert opened.is_standalone and opened.id == inner.id and opened.to_dict() == {7: 99}
        opened[8] = 100
    assert inner[8] == 100
    assert list(maps) == [2] and len(maps) == 1 and maps.typed(value=int)[2] == inner.id
    assert {key: one.id for key, one in maps.items()} == {2: inner.id}
    assert maps.pop(2).id == inner.id and len(maps) == 0


def test_by_key(kinds, inner):
    named, run = kinds.map("named_maps"), kinds.program("look_inside_named").test_run
    inner[1] = 5
    named[1 << 33] = inner.fd
    assert run(data=struct.pack("=IIQ", 0, 1, 1 << 33)).retval == 5
    assert named[1 << 33][1] == 5 and named.get(2) is None and list(named) == [1 << 33]
    named.clear()
    assert named.to_dict() == {}


def test_what_does_not_fit(kinds, inner):
    maps = kinds.map("maps")
    other = create_map("hash", key="u64", value="u64", max_entries=8)
    with pytest.raises(tinybpf.BpfError, match="has not the type, sizes or flags of the inner maps"):
        maps[0] = other
    with pytest.raises(TypeError, match="is no map"):
        maps[0] = "inner"
    closed = create_map("hash", key="u32", value="u64", max_entries=8)
    closed.close()
    with pytest.raises(tinybpf.BpfError, match="is closed"):
        maps[0] = closed
    with pytest.raises(tinybpf.BpfError, match="no such index"):
        maps[4] = inner


def test_made_without_an_object(inner):
    with create_map("hash_of_maps", key="char[8]", max_entries=4, inner=inner) as outer:
        outer["abc"] = inner
        assert [key.text for key in outer] == ["abc"]
        inner[1] = 2
        assert outer["abc"][1] == 2
    with pytest.raises(TypeError, match="a HASH_OF_MAPS needs inner="):
        create_map("hash_of_maps", key="u32", max_entries=4)
    with pytest.raises(TypeError, match="a HASH has no inner maps"):
        create_map("hash", key="u32", value="u32", max_entries=4, inner=inner)


def test_opened_maps_do_not_leak(inner):
    with create_map("array_of_maps", max_entries=4, inner=inner) as outer:
        outer[0] = inner
        before = settled()
        for _ in range(200):
            assert outer[0].name == "inner"
            outer.to_dict()
        assert settled() == before
