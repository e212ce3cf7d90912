"""Bloom filters."""

from __future__ import annotations

import struct

import pytest
from observing import observed

import tinybpf
from tinybpf import create_map

pytestmark = pytest.mark.kernel


def test_what_was_added_is_in():
    with create_map("bloom_filter", value="u64", max_entries=1000, extra=5, name="seen") as seen:
        seen.add(1)
        assert seen.update_many(range(10, 500)) == 490
        assert 1 in seen and all(number in seen for number in range(10, 500))
        assert sum(number in seen for number in range(10_000, 11_000)) < 500
        with pytest.raises(tinybpf.BpfError, match=r"type BLOOM_FILTER: .*use add\(\) and 'value in map'"):
            seen[1]
        with pytest.raises(ValueError, match="out of range"):
            seen.add(-1)
        with pytest.raises(TypeError):
            assert "x" in seen
    with pytest.raises(tinybpf.BpfError, match="map 'seen' is closed"):
        assert 1 in seen


def test_a_program_sees_what_was_added(kinds):
    create_map("bloom_filter", value="u64", max_entries=1).close()  # or this kernel says since when
    kinds.map("seen").add(1 << 40)
    run = kinds.program("was_seen").test_run
    assert observed("the program finds it", run(data=struct.pack("=IIQ", 0, 0, 1 << 40)).retval) == 1
    assert run(data=struct.pack("=IIQ", 0, 0, 5)).retval == 0
