"""Maps that are memory or streams, and what else has memory."""

from __future__ import annotations

import gc
import struct

import pytest

import tinybpf
from tinybpf import create_map

pytestmark = pytest.mark.kernel

SEGV_ON_FAULT = 1 << 17
MMAPABLE = 1 << 10


@pytest.mark.parametrize(
    "kind, words",
    [("ringbuf", r"read them with obj\.ring_buffer\('here'\)"), ("user_ringbuf", "records for the program")],
)
def test_buffers_are_no_dictionaries(kind, words):
    with create_map(kind, max_entries=4096, name="here") as made:
        for use in (lambda: made[0], lambda: list(made), made.clear, lambda: made.update(1, 1)):
            with pytest.raises(tinybpf.BpfError, match=words):
                use()


def test_an_arena_is_memory():
    with create_map("arena", max_entries=4, name="heap") as heap:
        memory = heap.memory()
        assert len(memory) == 4 * 4096
        memory[5000:5004] = b"abcd"
        again = heap.memory()
        assert bytes(again[4998:5006]) == b"\0\0abcd\0\0"
        with pytest.raises(tinybpf.BpfError, match=r"memory instead of entries; memory\(\) gives it"):
            heap[0]
    gc.collect()
    assert bytes(memory[5000:5004]) == b"abcd"  # the view keeps it
    heap = create_map("arena", max_entries=4, flags=SEGV_ON_FAULT)
    with pytest.raises(tinybpf.BpfError, match="BPF_F_SEGV_ON_FAULT"):
        heap.memory()


def test_an_array_as_memory(kinds):
    mapped = kinds.map("mapped")
    memory = mapped.memory()
    assert len(memory) == 16
    memory[8:16] = struct.pack("=Q", 41)
    assert mapped[1] == 41
    assert kinds.program("raise_mapped").test_run(data=struct.pack("=IIQ", 1, 0, 0)).retval == 42
    assert struct.unpack("=QQ", memory) == (0, 42)
    kinds.close()
    assert struct.unpack("=QQ", memory) == (0, 42)


def test_other_maps_have_no_memory():
    plain = create_map("array", value="u32", max_entries=4, name="plain")
    with pytest.raises(tinybpf.BpfError, match="map the memory of map 'plain' failed: only an arena"):
        plain.memory()
    with create_map("array", value="u32", max_entries=4, flags=MMAPABLE) as frozen:
        frozen.freeze()
        with pytest.raises(tinybpf.BpfError, match="a frozen map cannot be mapped"):
            frozen.memory()
