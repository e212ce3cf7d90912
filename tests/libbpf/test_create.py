"""Maps that are made without an object, opened by id, pinned with their types."""

from __future__ import annotations

import ctypes
import errno
import gc
import os
from dataclasses import dataclass
from enum import IntEnum
from typing import Annotated

import pytest
from descriptors import settled
from observing import observed, observed_errno

import tinybpf
from tinybpf import create_map
from tinybpf.libbpf.btf import Btf, BtfKind
from tinybpf.libbpf.btf_writer import BtfWriter, describe

kernel = pytest.mark.kernel


@dataclass
class Inner:
    flag: Annotated[bool, "bool"]
    ratio: ctypes.c_double


@dataclass
class Flow:
    port: Annotated[int, "u16"]
    name: Annotated[str, "char[10]"]
    count: Annotated[int, "s64"]
    inner: Inner


class Pair(ctypes.Structure):
    _fields_ = [("a", ctypes.c_uint8), ("b", ctypes.c_int64), ("c", ctypes.c_uint16 * 3)]


class Color(IntEnum):
    RED = 1
    BLUE = 2


@kernel
def test_a_map_of_its_own():
    with create_map("hash", key="u32", value="s64", max_entries=10, name="counts") as made:
        made[1] = -2
        assert made.to_dict() == {1: -2} and made.is_standalone
        assert made.info == tinybpf.MapInfo("counts", tinybpf.BpfMapType.HASH, 4, 8, 10)
        assert (made.btf_key.name, made.btf_value.name) == ("u32", "s64")
        assert repr(made) == "<BpfMap 'counts' HASH: u32 → s64, 10 entries>"
    made.close()
    with pytest.raises(tinybpf.BpfError, match="map 'counts' is closed"):
        made[1]


@kernel
@pytest.mark.parametrize(
    "described, value, size",
    [
        ("u8", 255, 1),
        ("s16", -300, 2),
        ("f64", 0.5, 8),
        ("f32", 0.25, 4),
        ("bool", True, 1),
        ("u16[3]", [1, 2, 3], 6),
        ("char[6]", b"abc\0\0\0", 6),
        (3, b"abc", 3),
        (ctypes.c_int32, ctypes.c_int32(-5), 4),
        (ctypes.c_uint16 * 2, None, 4),
        (Flow, Flow(80, "web", -1, Inner(True, 1.5)), 40),
        (Pair, Pair(1, -2, (3, 4, 5)), 24),
    ],
)
def test_values(described, value, size):
    with create_map("array", value=described, max_entries=1) as made:
        assert made.value_size == size
        if value is None:
            return
        made[0] = value
        found = made[0]
        if isinstance(value, (ctypes.Structure, ctypes.c_int32)):
            assert type(found) is type(value) and bytes(found) == bytes(value)
        else:
            assert found == value and type(found) in (type(value), type(found).__mro__[0])


@kernel
def test_the_kernel_keeps_the_types():
    pin = f"/sys/fs/bpf/tinybpf-test-created-{os.getpid()}"
    with create_map("hash", key="char[8]", value=Flow, max_entries=10) as made:
        made["web"] = Flow(80, "web", -1, Inner(True, 1.5))
        with tinybpf.open_map_by_id(made.id) as same:
            assert same.id == made.id and same.name == "hash" and same.is_standalone
            flow = same["web"]
            assert observed(
                "fields of a struct", (flow.port, flow.name.text, flow.count, flow.inner.flag)
            ) == (80, "web", -1, True)
        made.pin(pin)
    try:
        with tinybpf.open_pinned_map(pin) as pinned:
            assert pinned["web"].inner.flag is True and [key.text for key in pinned] == ["web"]
    finally:
        os.unlink(pin)


@kernel
def test_by_id():
    with create_map("array", value="u32", max_entries=1) as made:
        assert tinybpf.open_map_by_id(made.id, value_type=bytes)[0] == bytes(4)
        number = made.id
        with pytest.raises(tinybpf.BtfValidationError):
            tinybpf.open_map_by_id(made.id, value_type=ctypes.c_uint64)
    gc.collect()
    with pytest.raises(tinybpf.NotFoundError, match=rf"open map {number} failed: there is no map"):
        for _ in range(100):  # the kernel frees it a little later
            tinybpf.open_map_by_id(number).close()


@kernel
def test_nothing_leaks():
    before = settled()
    for _ in range(100):
        create_map("hash", key="u32", value=Flow, max_entries=10)
        with pytest.raises(tinybpf.BpfError):
            create_map("array", key="u64", value="u32", max_entries=1)
        made = create_map("array", value="u32", max_entries=1)
        tinybpf.open_map_by_id(made.id)
        with pytest.raises(tinybpf.BtfValidationError):
            tinybpf.open_map_by_id(made.id, value_type=ctypes.c_uint64)
    del made
    assert settled() == before


@kernel
def test_frozen():
    with create_map("array", value="u32", max_entries=2, name="fixed") as made:
        made[0] = 5
        made.freeze()
        with pytest.raises(tinybpf.BpfError, match="the map is frozen") as caught:
            made[0] = 6
        assert observed_errno("what a write failed with", caught.value.errno) == errno.EPERM and made[0] == 5
        for use in (lambda: made.update_many({0: 1}), made.clear):
            with pytest.raises(tinybpf.BpfError, match="the map is frozen"):
                use()


@kernel
def test_what_cannot_be_made():
    with pytest.raises(tinybpf.BpfError, match="no such ARRAY with keys of 8 bytes, values of 4, 1 entries"):
        create_map("array", key="u64", value="u32", max_entries=1)
    with pytest.raises(tinybpf.BpfError, match="create map 'here' of type HASH failed"):
        create_map("hash", key="u32", value="u32", max_entries=1, flags=1 << 31, name="here")
    with pytest.raises(tinybpf.BpfError, match="of type UNKNOWN_250 failed"):
        create_map(tinybpf.BpfMapType(250), key="u32", value="u32", max_entries=1)


@pytest.mark.parametrize(
    "arguments, error, why",
    [
        ({"type": "tree"}, ValueError, "there is no type of map 'tree'; there is: hash, array"),
        ({"type": "hash", "value": "u32"}, TypeError, "a HASH needs a key, such as key='u32'"),
        ({"type": "array"}, TypeError, "an? ARRAY needs a value"),
        ({"type": "queue", "key": "u32", "value": "u32"}, TypeError, "a QUEUE has no keys"),
        ({"type": "ringbuf", "value": "u32"}, TypeError, "a RINGBUF has no values"),
        ({"type": "array", "value": "u32"}, ValueError, "max_entries is 0: an? ARRAY needs at least 1"),
        ({"type": "sk_storage", "value": "u32", "max_entries": 4}, ValueError, "leave max_entries out"),
        ({"type": "array", "value": "u33", "max_entries": 1}, ValueError, "there is no type 'u33'"),
        ({"type": "array", "value": 0, "max_entries": 1}, ValueError, "at least one byte"),
        ({"type": "array", "value": True, "max_entries": 1}, TypeError, "describes no type"),
        ({"type": "array", "value": [1], "max_entries": 1}, TypeError, "describes no type"),
        ({"type": "array", "value": int, "max_entries": 1}, TypeError, "describes no type of a map: use"),
        ({"type": "array", "value": ctypes.c_void_p, "max_entries": 1}, TypeError, "no meaning outside"),
    ],
)
def test_arguments_that_are_wrong(arguments, error, why):
    with pytest.raises(error, match=why):
        create_map(**arguments)


def test_layout_is_that_of_c():
    class Mirror(ctypes.Structure):
        _fields_ = [("port", ctypes.c_uint16), ("name", ctypes.c_char * 10), ("count", ctypes.c_int64)]

    written, mirrored = describe(None, Flow), describe(None, Mirror)
    btf, other, by_name, by_ctypes = Btf(written.raw), Btf(mirrored.raw), written.value, mirrored.value
    ours = [(field.name, field.offset, field.size) for field in btf.type(by_name).fields]
    theirs = [(field.name, field.offset, field.size) for field in other.type(by_ctypes).fields]
    assert ours[:3] == theirs == [("port", 0, 2), ("name", 2, 10), ("count", 16, 8)]
    assert ours[3] == ("inner", 24, 16)


def test_without_floats_the_layout_is_the_same():
    plain = describe("f64", Flow, floats=False)
    assert plain.sizes == describe("f64", Flow).sizes == (8, 40)
    assert {record.kind for record in map(Btf(plain.raw).record, range(1, 6))} == {
        BtfKind.STRUCT,
        BtfKind.INT,
        BtfKind.ARRAY,
    }


def test_a_type_is_written_once():
    writer = BtfWriter()
    assert writer.add(Flow) == writer.add(Flow) and writer.add("u32") == writer.add(ctypes.c_uint32)


def test_what_ctypes_cannot_describe():
    class Bits(ctypes.Structure):
        _fields_ = [("low", ctypes.c_uint32, 4)]

    class Swapped(ctypes.BigEndianStructure):
        _fields_ = [("a", ctypes.c_uint32)]

    with pytest.raises(TypeError, match=r"Bits\.low is a bit field"):
        BtfWriter().add(Bits)
    with pytest.raises(TypeError, match="another byte order"):
        BtfWriter().add(Swapped)

    @dataclass
    class Vague:
        number: int

    with pytest.raises(TypeError, match=r"Vague\.number: .*describes no type"):
        BtfWriter().add(Vague)


@kernel
def test_enums_and_dataclasses_as_types():
    with create_map("hash", key="u32", value="u32", max_entries=10) as made:
        colors = made.typed(key=Color, value=Color)
        colors[Color.RED] = Color.BLUE
        colors[9] = 1
        assert observed("entries", colors.to_dict()) == {Color.RED: Color.BLUE, 9: Color.RED}
        assert repr(colors[9]) == "<Color.RED: 1>" and made[1] == 2
        with pytest.raises(tinybpf.BtfValidationError, match="Flow is a dataclass, but no struct is known"):
            made.typed(value=Flow)
    with create_map("array", value=Pair, max_entries=1) as made:

        @dataclass
        class Half:
            a: int

        @dataclass
        class Whole:
            a: int
            b: int
            c: list[int]

        with pytest.raises(tinybpf.BtfValidationError, match="Half has the fields a; BTF's"):
            made.typed(value=Half)
        whole = made.typed(value=Whole)
        whole[0] = Whole(1, 2, [3, 4, 5])
        assert whole[0] == Whole(1, 2, (3, 4, 5)) and made[0].b == 2
