"""Maps as dictionaries, their values seen from both sides: Python's and a program's."""

from __future__ import annotations

import ctypes
import errno
import os
import struct
import threading

import pytest
from observing import observed

import tinybpf

pytestmark = pytest.mark.kernel

ABSENT = 99


@pytest.fixture
def obj(build):
    with tinybpf.load(build("maps")) as loaded:
        yield loaded


def add(obj, key: int, delta: int) -> None:
    assert obj.program("add").test_run(struct.pack("<Iiq", key, delta, 0)).retval == 7


def test_what_a_map_is(obj):
    numbers = obj.map("numbers")
    assert numbers.info == tinybpf.MapInfo("numbers", tinybpf.BpfMapType.HASH, 4, 8, 100)
    assert (numbers.name, numbers.type, numbers.key_size, numbers.value_size) == ("numbers", 1, 4, 8)
    assert (numbers.max_entries, numbers.is_standalone, numbers.is_percpu) == (100, False, False)
    assert numbers.fd > 2 and bool(numbers)
    assert (numbers.btf_key.name, numbers.btf_value.name) == ("uint32", "int64")
    pair = obj.map("pairs").btf_value
    assert (pair.name, pair.size, [(f.name, f.offset) for f in pair.fields]) == (
        "pair",
        16,
        [("A", 0), ("B", 8)],
    )


def test_a_hash_is_a_dictionary(obj):
    numbers = obj.map("numbers")
    assert (dict(numbers.items()), len(numbers), list(numbers)) == ({}, 0, [])
    numbers[1] = -5
    numbers[2] = 1 << 40
    assert (numbers[1], numbers.lookup(2), numbers.get(1)) == (-5, 1 << 40, -5)
    assert 1 in numbers and ABSENT not in numbers
    assert sorted(numbers) == [1, 2] and sorted(numbers.values()) == [-5, 1 << 40]
    assert observed("entries", dict(numbers.items())) == {1: -5, 2: 1 << 40} and len(numbers) == 2
    assert (1, -5) in numbers.items() and 1 in numbers and len(numbers.values()) == 2
    del numbers[1]
    assert (numbers.delete(2), numbers.delete(2)) == (True, False)
    assert len(numbers) == 0


def test_what_is_absent_is_never_a_bpf_error(obj):
    numbers = obj.map("numbers")
    assert numbers.lookup(ABSENT) is None and numbers.get(ABSENT) is None
    assert numbers.get(ABSENT, "other") == "other"
    with pytest.raises(KeyError) as caught:
        numbers[ABSENT]
    assert caught.value.args == (ABSENT,) and not isinstance(caught.value, tinybpf.BpfError)
    with pytest.raises(KeyError):
        del numbers[ABSENT]


def test_the_program_sees_what_python_writes(obj):
    obj.map("numbers")[3] = 100
    add(obj, 3, -142)
    assert obj.map("numbers")[3] == -42
    last = obj.map("pairs")[0]
    assert (last.A, last.B) == (3, -42) and repr(last) == "pair(A=3, B=-42)"


def test_structures_go_in_as_what_they_are(obj):
    pairs = obj.map("pairs")
    made = type(pairs[0])
    pairs[0] = made(A=1, B=-2)
    pairs[1] = {"A": 3, "B": -4}
    pairs[2] = struct.pack("<Ixxxxq", 5, -6)
    assert observed("structs", [(p.A, p.B) for p in pairs.values()]) == [(1, -2), (3, -4), (5, -6), (0, 0)]
    assert pairs[0] == made(A=1, B=-2)
    with pytest.raises((TypeError, ValueError)):
        pairs[0] = b"too short"


def test_types_of_the_users_own(obj):
    class Pair(ctypes.Structure):
        _fields_ = [("A", ctypes.c_uint32), ("B", ctypes.c_int64)]

    class Renamed(ctypes.Structure):
        _fields_ = [("a", ctypes.c_uint32), ("b", ctypes.c_int64)]

    typed = obj.map("pairs").typed(key=ctypes.c_uint32, value=Pair)
    typed[2] = Pair(7, -8)
    assert isinstance(typed[2], Pair) and (typed[2].A, typed[2].B) == (7, -8)
    assert (obj.map("pairs")[2].A, obj.map("pairs")[2].B) == (7, -8)
    with pytest.raises(tinybpf.BtfValidationError, match=r"Renamed\.a is called 'A' in BTF"):
        obj.map("pairs").typed(value=Renamed)
    assert obj.map("pairs").typed(value=Renamed, validate_field_names=False)[2].b == -8
    with pytest.raises(tinybpf.BtfValidationError, match="has 4 bytes"):
        obj.map("pairs").typed(value=ctypes.c_uint32)
    numbers = obj.map("numbers").typed(value=int)
    numbers[1] = -1
    assert numbers[1] == -1
    assert obj.map("numbers").typed(value=bytes)[1] == b"\xff" * 8


def test_values_that_do_not_fit(obj):
    numbers = obj.map("numbers")
    for key, value in ((1, 1 << 63), (1, -(1 << 63) - 1), (1 << 32, 0), (-1, 0)):
        with pytest.raises(ValueError, match="out of range"):
            numbers[key] = value
    for key, value in (("x", 0), (1, None), (1.5, 1)):
        with pytest.raises(TypeError):
            numbers[key] = value
    with pytest.raises((TypeError, ValueError)):
        numbers[b"\0\0\0"] = 1
    numbers[b"\1\0\0\0"] = b"\2" + bytes(7)
    assert numbers[1] == 2


def test_arrays_of_bytes_are_bytes(obj):
    raw = obj.map("raw")
    assert obj.program("touch").test_run(bytes(16)).retval == 0
    assert dict(raw.items()) == {bytes(6): bytes(3)}
    raw[b"abcdef"] = b"xyz"
    assert raw[b"abcdef"] == b"xyz" and len(raw) == 2


def test_flags(obj):
    numbers = obj.map("numbers")
    numbers.update(1, 1, tinybpf.BPF_NOEXIST)
    with pytest.raises(
        tinybpf.BpfError, match=r"update map 'numbers' failed: File exists\n  hint: the key"
    ) as caught:
        numbers.update(1, 2, tinybpf.BPF_NOEXIST)
    assert caught.value.errno == errno.EEXIST
    numbers.update(1, 3, tinybpf.BPF_EXIST)
    with pytest.raises(tinybpf.BpfError, match="update map 'numbers' failed: No such file"):
        numbers.update(2, 2, tinybpf.BPF_EXIST)
    assert dict(numbers.items()) == {1: 3}


def test_a_full_map(obj):
    numbers = obj.map("numbers")
    with pytest.raises(tinybpf.BpfError, match="the map is full") as caught:
        for key in range(1000):
            numbers[key] = key
    assert caught.value.errno == errno.E2BIG
    assert len(numbers) >= 100


def test_an_array(obj):
    pairs = obj.map("pairs")
    assert (len(pairs), list(pairs), 3 in pairs, 4 in pairs) == (4, [0, 1, 2, 3], True, False)
    with pytest.raises(KeyError):
        pairs[4]
    with pytest.raises(tinybpf.BpfError, match="no such index"):
        pairs[4] = {"A": 1}
    with pytest.raises(tinybpf.BpfError, match="an array's entries cannot be deleted"):
        del pairs[0]


def test_values_of_each_cpu(obj):
    per_cpu = obj.map("per_cpu")
    cpus = len(per_cpu[0])
    assert per_cpu.is_percpu and cpus >= (os.cpu_count() or 1)
    per_cpu[1] = list(range(10, 10 + cpus))
    assert per_cpu[1] == list(range(10, 10 + cpus))
    assert per_cpu.lookup_percpu(1) == per_cpu[1] and per_cpu.lookup_percpu_sum(1) == sum(per_cpu[1])
    for _ in range(5):
        add(obj, 1, 1)
    assert observed("sum over the CPUs", per_cpu.lookup_percpu_sum(0)) == 5
    assert dict(per_cpu.items_percpu()) == {0: per_cpu[0], 1: per_cpu[1]}
    with pytest.raises(ValueError, match=f"per-CPU: {cpus} values are needed, not {cpus + 1}"):
        per_cpu[0] = [0] * (cpus + 1)
    with pytest.raises(TypeError, match="a value is a list"):
        per_cpu[0] = 3
    with pytest.raises(tinybpf.BpfError, match="map 'numbers' is type HASH, expected a per-CPU type"):
        obj.map("numbers").lookup_percpu(1)


def test_a_hash_of_each_cpu(obj):
    per_cpu = obj.map("per_cpu_hash")
    assert per_cpu.lookup_percpu(5) is None and per_cpu.lookup_percpu_sum(5) is None
    obj.program("touch").test_run(struct.pack("<Iiq", 5, 0, 0))
    assert observed("sum over the CPUs", per_cpu.lookup_percpu_sum(5)) == 1
    assert list(per_cpu) == [5]
    del per_cpu[5]
    assert 5 not in per_cpu


def test_entries_may_be_deleted_while_iterating(obj):
    numbers = obj.map("numbers")
    for key in range(50):
        numbers[key] = key
    seen = []
    for key in numbers:
        seen.append(key)
        del numbers[key]
    assert sorted(seen) == list(range(50)) and len(numbers) == 0


def test_iteration_ends_while_others_write(obj):
    numbers, stop = obj.map("numbers"), threading.Event()

    def churn() -> None:
        key = 0
        while not stop.is_set():
            numbers[key % 90] = key
            numbers.delete((key + 45) % 90)
            key += 1

    thread = threading.Thread(target=churn)
    thread.start()
    try:
        for _ in range(50):
            keys = list(numbers)
            assert len(keys) == len(set(keys)) <= 90
            dict(numbers.items())
    finally:
        stop.set()
        thread.join()


def test_pins(obj, tmp_path):
    pin = f"/sys/fs/bpf/tinybpf-test-map-{os.getpid()}"
    pairs = obj.map("pairs")
    pairs.pin(pin)
    try:
        with tinybpf.open_pinned_map(pin) as pinned:
            assert pinned.is_standalone and pinned.name == "pairs" and pinned.type is tinybpf.BpfMapType.ARRAY
            pairs[1] = {"A": 1, "B": 2}
            assert observed("value at the pin", (pinned[1].A, pinned[1].B)) == (1, 2)
            pinned[1] = {"A": 5, "B": 6}
            assert pairs[1].B == 6
        with pytest.raises(tinybpf.BpfError, match="map 'pairs' is closed"):
            pinned[1]
        pinned.close()
        with tinybpf.open_pinned_map(pin, ctypes.c_uint32, bytes) as pinned:
            assert pinned[1] == struct.pack("<Ixxxxq", 5, 6)
        pairs.unpin(pin)
        assert not os.path.exists(pin)
        with pytest.raises(
            tinybpf.NotFoundError, match=rf"open pinned map '{pin}' failed: there is no such pin"
        ):
            tinybpf.open_pinned_map(pin)
    finally:
        if os.path.exists(pin):
            os.unlink(pin)
    with pytest.raises(tinybpf.BpfError, match=rf"pin map 'pairs' to '{tmp_path}/x' failed"):
        pairs.pin(tmp_path / "x")
    with pytest.raises(tinybpf.BpfError, match=rf"open pinned map '{tmp_path}' failed"):
        tinybpf.open_pinned_map(tmp_path)


def test_pins_at_two_places(obj):
    pins = [f"/sys/fs/bpf/tinybpf-test-map-{os.getpid()}-{name}" for name in ("one", "folder/two")]
    pairs, numbers = obj.map("pairs"), obj.map("numbers")
    try:
        for pin in pins:
            pairs.pin(pin)
            with tinybpf.open_pinned_map(pin) as pinned:
                assert pinned.id == pairs.id
        with pytest.raises(tinybpf.BpfError, match="something is pinned there already"):
            numbers.pin(pins[0])
        with pytest.raises(tinybpf.BpfError, match="it is the pin of something else"):
            numbers.unpin(pins[0])
        for pin in pins:
            pairs.unpin(pin)
            with pytest.raises(tinybpf.NotFoundError, match="there is no such pin"):
                pairs.unpin(pin)
    finally:
        for pin in filter(os.path.exists, pins):
            os.unlink(pin)
        os.rmdir(os.path.dirname(pins[1]))


def test_a_file_is_no_pin(obj, tmp_path):
    file = tmp_path / "file"
    file.write_text("mine")
    with pytest.raises(tinybpf.BpfError, match=r"unpin map 'pairs' from .* failed"):
        obj.map("pairs").unpin(file)
    assert file.read_text() == "mine"
    with pytest.raises(tinybpf.BpfError, match="the path is not in a BPF file system: there is one at '/"):
        obj.map("pairs").pin(tmp_path / "pin")


def test_what_is_pinned_is_no_map(build):
    pin = f"/sys/fs/bpf/tinybpf-test-link-as-map-{os.getpid()}"
    with tinybpf.load(build("tracing")) as tracing:
        link = tracing.program("on_getppid").attach()
        link.pin(pin)
        try:
            with pytest.raises(tinybpf.BpfError, match="this is no map, but a BPF"):
                tinybpf.open_pinned_map(pin)
        finally:
            link.unpin()


def test_a_map_closes_with_its_object_not_by_itself(obj):
    with obj.map("numbers") as numbers:
        numbers[1] = 1
    numbers.close()
    assert numbers[1] == 1
