from __future__ import annotations

import errno

import pytest

from tinybpf.compiler.kernel.maps import BPF_F_MMAPABLE, BPF_F_NO_PREALLOC, MapType, check, map_type
from tinybpf.compiler.kernel.types_data import MAP_TYPES

NAMES = [name for name in MAP_TYPES if name != "UNSPEC" and not name.endswith("_DEPRECATED")]


def known(which: int | str) -> MapType:
    match = map_type(which)
    assert match is not None
    return match


def test_numbers_are_those_of_the_running_kernel(kernel_enums):
    kernel = kernel_enums["bpf_map_type"]
    ours = {f"BPF_MAP_TYPE_{name}": number for name, number in MAP_TYPES.items()}
    common = ours.keys() & kernel.keys()
    assert {name: ours[name] for name in common} == {name: kernel[name] for name in common}
    assert len(common) >= 30


def test_every_type_is_found_by_number_and_by_name():
    for name in NAMES:
        assert known(name) == known(MAP_TYPES[name]) == known(f"BPF_MAP_TYPE_{name}")
    assert map_type(0) is None
    assert map_type(99) is None
    assert map_type("RINGBUFF") is None


def test_what_tells_the_types_apart():
    ring, events, array = known(27), known(4), known(2)
    assert (ring.name, ring.events, ring.has_key, ring.has_value) == ("RINGBUF", True, False, False)
    assert (events.name, events.events, events.key) == ("PERF_EVENT_ARRAY", True, (4,))
    assert not array.events
    assert {name for name in NAMES if known(name).per_cpu} == {
        "PERCPU_HASH", "PERCPU_ARRAY", "LRU_PERCPU_HASH", "PERCPU_CGROUP_STORAGE"
    }  # fmt: skip
    assert known("QUEUE").has_value and not known("QUEUE").has_key


GOOD = [
    ("HASH", 8, 16, 4, 0),
    ("ARRAY", 4, 1, 1, 0),
    ("PERCPU_ARRAY", 4, 8, 1, 0),
    ("PERF_EVENT_ARRAY", 4, 4, 2, 0),
    ("STACK_TRACE", 4, 64, 16, 0),
    ("LRU_HASH", 4, 4, 16, 0),
    ("LPM_TRIE", 8, 4, 16, BPF_F_NO_PREALLOC),
    ("DEVMAP", 4, 8, 4, 0),
    ("QUEUE", 0, 8, 4, 0),
    ("BLOOM_FILTER", 0, 8, 4, 0),
    ("RINGBUF", 0, 0, 4096, 0),
    ("USER_RINGBUF", 0, 0, 4096, 0),
]
BAD = [
    ("HASH", 0, 16, 4, 0, "HASH maps need a KeySize"),
    ("HASH", 8, 0, 4, 0, "HASH maps need a ValueSize"),
    ("HASH", 8, 8, 0, 0, "HASH maps need MaxEntries"),
    ("ARRAY", 8, 8, 4, 0, "ARRAY maps need a KeySize of 4, not 8"),
    ("PERF_EVENT_ARRAY", 4, 8, 2, 0, "ValueSize of 4, not 8"),
    ("STACK_TRACE", 4, 12, 16, 0, "multiple of 8, not 12"),
    ("LPM_TRIE", 8, 4, 16, 0, "BPF_F_NO_PREALLOC (1)"),
    ("LPM_TRIE", 4, 4, 16, BPF_F_NO_PREALLOC, "KeySize from 5 to 260, not 4"),
    ("DEVMAP", 4, 16, 4, 0, "ValueSize of 4 or 8, not 16"),
    ("QUEUE", 4, 8, 4, 0, "QUEUE maps have no keys: KeySize must be 0, not 4"),
    ("RINGBUF", 4, 0, 4096, 0, "RINGBUF maps have no keys"),
    ("RINGBUF", 0, 8, 4096, 0, "RINGBUF maps have no values"),
    ("RINGBUF", 0, 0, 0, 0, "MaxEntries (its size in bytes)"),
]


@pytest.mark.parametrize(("name", "key", "value", "entries", "flags"), GOOD)
def test_good_definitions_pass(name, key, value, entries, flags):
    assert check(known(name), key, value, entries, flags) is None


@pytest.mark.parametrize(("name", "key", "value", "entries", "flags", "words"), BAD)
def test_bad_definitions_are_refused_in_words(name, key, value, entries, flags, words):
    assert words in (check(known(name), key, value, entries, flags) or "")


def test_storage_maps_have_no_size_of_their_own():
    task = known("TASK_STORAGE")
    assert check(task, 4, 8, 0, BPF_F_NO_PREALLOC) is None
    assert "MaxEntries must be 0" in (check(task, 4, 8, 16, BPF_F_NO_PREALLOC) or "")
    assert "BPF_F_MMAPABLE" in (check(known("ARENA"), 0, 0, 1) or "")
    assert check(known("ARENA"), 0, 0, 1, BPF_F_MMAPABLE) is None


def test_libbpf_sizes_a_perf_event_array_itself():
    assert check(known("PERF_EVENT_ARRAY"), 4, 4, 0) is None


@pytest.mark.kernel
@pytest.mark.parametrize(("name", "key", "value", "entries", "flags"), GOOD)
def test_the_kernel_takes_good_definitions(create_map, kernel_enums, name, key, value, entries, flags):
    if f"BPF_MAP_TYPE_{name}" not in kernel_enums["bpf_map_type"]:
        pytest.skip(f"this kernel has no {name} maps")
    create_map(MAP_TYPES[name], key, value, entries, flags)


@pytest.mark.kernel
@pytest.mark.parametrize(("name", "key", "value", "entries", "flags", "_words"), BAD)
def test_the_kernel_refuses_bad_definitions(create_map, name, key, value, entries, flags, _words):
    with pytest.raises(OSError) as caught:
        create_map(MAP_TYPES[name], key, value, entries, flags)
    assert caught.value.errno == errno.EINVAL
