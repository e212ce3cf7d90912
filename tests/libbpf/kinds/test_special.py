"""Maps that are memory or streams, and what else has memory."""

from __future__ import annotations

import gc
import struct

import pytest
from observing import observed

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


def test_the_arena_of_an_object(project):
    create_map("arena", max_entries=1).close()  # or this kernel says since when
    obj = tinybpf.load(project / "tests/libbpf/data/arena.elf")
    heap, count = obj.map("heap"), obj.program("count")
    memory = heap.memory()
    assert repr(heap) == "<BpfMap 'heap' ARENA: 16 pages>" and len(memory) == 16 * 4096
    assert count.test_run(ctx=struct.pack("=Q", 5)).retval == 1
    starts = [at for at in range(0, len(memory), 4096) if memory[at : at + 8] == struct.pack("=Q", 5)]
    assert (
        observed("places where the program wrote", len(starts)) == 2
    )  # the variable, and the page that the program took; looking took all others
    for at in starts:
        memory[at : at + 8] = struct.pack("=Q", 100)
    assert count.test_run(ctx=struct.pack("=Q", 1)).retval == 0
    assert sorted(memory[at : at + 1] for at in starts) == [b"d", b"e"]
    with pytest.raises(TypeError, match=r"has slices, such as \[0:8\]"):
        memory[0]
    with pytest.raises(ValueError):
        memory[0:4] = b"more than that"
    assert memory[len(memory) - 4 : len(memory) + 100] == bytes(4)
    obj.close()
    for use in (lambda: memory[0:8], lambda: memory.__setitem__(slice(0, 1), b"x"), heap.memory):
        with pytest.raises(tinybpf.BpfError, match="map 'heap' is closed"):
            use()


def test_an_array_as_memory(kinds):
    mapped = kinds.map("mapped")
    memory = mapped.memory()
    assert len(memory) == 16
    memory[8:16] = struct.pack("=Q", 41)
    assert mapped[1] == 41
    assert kinds.program("raise_mapped").test_run(data=struct.pack("=IIQ", 1, 0, 0)).retval == 42
    assert observed("numbers in it", struct.unpack("=QQ", memory)) == (0, 42)
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
