from __future__ import annotations

import copy
import ctypes
import dataclasses
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinybpf.errors import BpfError, BtfValidationError
from tinybpf.libbpf.btf import Btf
from tinybpf.libbpf.types import BpfStruct, python_type
from tinybpf.libbpf.validate import validate_against_btf
from tinybpf.libbpf.values import BpfBytes


def type_id(btf: Btf, name: str) -> int:
    found = btf.find(name)
    assert found is not None
    return found


@pytest.fixture
def event_type(sample_btf: Btf) -> Any:
    return python_type(sample_btf, type_id(sample_btf, "event"))


class CInner(ctypes.Structure):
    _fields_ = [("a", ctypes.c_uint8), ("b", ctypes.c_uint32)]


class CEvent(ctypes.Structure):
    """`struct event` of sample.c as ctypes lays it out: an independent opinion on every offset."""

    _fields_ = [
        ("pid", ctypes.c_uint32),
        ("port", ctypes.c_uint16),
        ("flags", ctypes.c_uint8, 3),
        ("more", ctypes.c_uint8, 5),
        ("ok", ctypes.c_bool),
        ("comm", ctypes.c_char * 16),
        ("addr", ctypes.c_uint8 * 4),
        ("color", ctypes.c_int32),
        ("in_", CInner),
        ("wide", ctypes.c_uint64),
        ("nums", ctypes.c_uint32 * 3),
        ("pointer", ctypes.c_uint64),
        ("_gap", ctypes.c_uint64),
        ("huge", ctypes.c_uint64 * 2),
        ("ratio", ctypes.c_double),
        ("big", ctypes.c_uint64),
        ("class_", ctypes.c_int32),
        ("forty", ctypes.c_uint64, 40),
        ("rest", ctypes.c_uint64, 24),
        ("pair", CInner * 2),
        ("named", ctypes.c_uint32),
    ]


def filled() -> CEvent:
    event = CEvent(pid=7, port=443, flags=5, more=17, ok=True, comm=b"curl", color=5, wide=0x1122334455667788)
    event.addr[:] = [127, 0, 0, 1]
    event.in_ = CInner(1, 2)
    event.nums[:] = [1, 2, 0xFFFFFFFF]
    event.pointer = 0xFFFF888000000000
    event.huge[:] = [(1 << 64) - 5, (1 << 64) - 1]
    event.ratio, event.big, event.class_ = 1.5, 0x100000000, -3
    event.forty, event.rest = (1 << 40) - 2, 9
    event.pair[1] = CInner(3, 4)
    event.named = 0x01020304
    return event


def test_every_kind_of_field_reads_what_c_wrote(event_type: Any) -> None:
    raw = bytes(filled()).ljust(event_type._size, b"\0")
    event = event_type.from_bytes(raw)
    assert (event.pid, event.port, event.flags, event.more, event.ok) == (7, 443, 5, 17, True)
    assert event.comm == b"curl".ljust(16, b"\0") and event.comm.text == "curl" == str(event.comm)
    assert event.addr == b"\x7f\0\0\x01" and isinstance(event.addr, BpfBytes)
    assert event.color == 5 and event.color.name == "GREEN"
    assert (event.in_.a, event.in_.b) == (1, 2) and type(event.in_).__name__ == "inner"
    assert (event.wide, event.low, event.high) == (0x1122334455667788, 0x55667788, 0x11223344)
    assert event.nums == (1, 2, 0xFFFFFFFF) and event.pointer == 0xFFFF888000000000
    assert event.huge == -5 and event.ratio == 1.5 and event.big.name == "BIG" and event.class_ == -3
    assert (event.forty, event.rest) == ((1 << 40) - 2, 9)
    assert [(pair.a, pair.b) for pair in event.pair] == [(0, 0), (3, 4)]
    assert event.named.x == 0x01020304 and event.named.y == b"\x04\x03\x02\x01"
    assert event.to_bytes() == raw == bytes(event)


def test_made_by_keyword(event_type: Any) -> None:
    event = event_type(
        pid=7, port=443, flags=5, more=17, ok=True, comm="curl", addr=[127, 0, 0, 1], color="GREEN",
        in_={"a": 1, "b": 2}, wide=0x1122334455667788, nums=[1, 2, 0xFFFFFFFF], pointer=0xFFFF888000000000,
        huge=-5, ratio=1.5, big=0x100000000, class_=-3, forty=(1 << 40) - 2, rest=9,
        pair=[{}, CInner(3, 4)], named={"x": 0x01020304},
    )  # fmt: skip
    assert event.to_bytes() == bytes(filled()).ljust(event_type._size, b"\0")
    assert event_type(7, 443) == event_type(pid=7, port=443) != event_type(pid=7)
    assert event_type(**{"in": {"a": 1}, "class": 2}) == event_type(in_={"a": 1}, class_=2)
    assert event_type().to_bytes() == bytes(event_type._size)


def test_repr(event_type: Any) -> None:
    text = repr(event_type(pid=7, comm="curl", addr=b"\x7f\0\0\1", color=9, huge=-1, in_={"a": 1}))
    assert text.startswith(
        "event(pid=7, port=0, flags=0, more=0, ok=False, comm=b'curl', addr=b'\\x7f\\x00\\x00"
    )
    assert "color=9, in_=inner(a=1, b=0)" in text and "nums=(0, 0, 0)" in text and "huge=-1" in text
    assert "color=color.RED" in repr(event_type())


def test_equality_does_not_look_at_padding(event_type: Any, sample_btf: Btf) -> None:
    inner = python_type(sample_btf, type_id(sample_btf, "inner"))
    clean, dirty = inner.from_bytes(b"\x01\0\0\0\x02\0\0\0"), inner.from_bytes(b"\x01\xff\xff\xff\x02\0\0\0")
    assert clean == dirty and hash(clean) == hash(dirty) and dirty.to_bytes() == bytes(clean)
    raw = bytearray(event_type(pid=1, in_={"a": 1}).to_bytes())
    raw[33:36] = b"\xff\xff\xff"  # between in.a and in.b
    raw[129:132] = b"\xff\xff\xff"  # within pair[0]
    raw[-1] = 0xFF  # behind the last field
    one, other = event_type(pid=1, in_={"a": 1}), event_type.from_bytes(bytes(raw))
    assert one == other and hash(one) == hash(other) and other.to_bytes() == one.to_bytes()
    assert one != event_type(pid=2, in_={"a": 1}) and one != tuple(one) and one != 5


def test_behaves_like_a_record(event_type: Any) -> None:
    event = event_type(pid=7, port=80)
    assert event._fields[:3] == ("pid", "port", "flags") and len(event) == len(event._fields) == len(
        list(event)
    )
    assert event[0] == 7 and event[1:3] == (80, 0) and 80 in event
    assert event._asdict()["port"] == 80 and event._replace(port=81) == event_type(pid=7, port=81)
    assert copy.deepcopy(event) == copy.copy(event) == event
    with pytest.raises(AttributeError):
        event.pid = 8
    with pytest.raises(AttributeError):
        event.other = 8
    match event:
        case BpfStruct(pid=pid, port=80):
            assert pid == 7
        case _:
            pytest.fail("no match")


@pytest.mark.parametrize(
    ("field", "value", "error"),
    [
        ("port", 70000, "event: value 70000 is out of range 0 to 65535 for field 'port' (u16)"),
        ("pid", -1, "event: value -1 is out of range 0 to 4294967295 for field 'pid' (u32)"),
        ("flags", 8, "event: value 8 is out of range 0 to 7 for field 'flags' (u8:3)"),
        ("forty", 1 << 40, "for field 'forty' (u64:40)"),
        ("pid", "7", "event: '7' (str) is no integer for field 'pid' (u32)"),
        ("pid", 1.0, "is no integer"),
        ("ok", 2, "is no bool"),
        ("ratio", "x", "is no number"),
        ("comm", "x" * 17, "takes 17 bytes, only 16 are there for field 'comm' ([16]char)"),
        ("comm", b"curl", "4 bytes given, exactly 16 needed for field 'comm' ([16]char)"),
        ("comm", 7, "is not bytes"),
        ("addr", [1, 2, 3], "3 bytes given, exactly 4 needed"),
        ("addr", [1, 2, 3, 300], "for field 'addr' ([4]u8)"),
        ("nums", [1, 2], "2 elements given, exactly 3 needed"),
        ("nums", [1, 2, -1], "value -1 is out of range"),
        ("color", "BLUE", "'BLUE' is not one of RED, GREEN, NEGATIVE"),
        ("in_", {"a": 300}, "inner: value 300 is out of range 0 to 255 for field 'a' (u8)"),
        ("in_", {"z": 3}, "inner has no field 'z'; it has a, b"),
        ("in_", b"\0" * 7, "7 bytes given, exactly 8 needed"),
        ("huge", 1 << 127, "is out of range"),
        ("nope", 1, "event has no field 'nope'"),
    ],
)  # fmt: skip
def test_errors_name_struct_field_and_reason(event_type: Any, field: str, value: Any, error: str) -> None:
    with pytest.raises((TypeError, ValueError)) as caught:
        event_type(**{field: value})
    assert error in str(caught.value) and "event" in str(caught.value)


def test_wrong_sizes_are_refused(event_type: Any) -> None:
    for size in (0, event_type._size - 1, event_type._size + 1):
        with pytest.raises(BpfError, match=f"{size} bytes are no event: it has {event_type._size}"):
            event_type.from_bytes(bytes(size))


def test_the_same_class_each_time(sample_btf: Btf, event_type: Any) -> None:
    assert python_type(sample_btf, type_id(sample_btf, "event")) is event_type
    inner = python_type(sample_btf, type_id(sample_btf, "inner"))
    assert type(event_type().in_) is inner
    with pytest.raises(TypeError, match="no struct or union"):
        python_type(sample_btf, type_id(sample_btf, "u32"))


def test_names_that_python_needs(btf_maker: Any) -> None:
    make = btf_maker()
    u8 = make.integer("u8", 1)
    names = ["class", "_fields", "to_bytes", "count", "index", "__init__", "x", "x", "a.b", "9lives", "None_"]
    number = make.struct("odd", len(names), *[(name, u8, 8 * i) for i, name in enumerate(names)])
    odd: Any = python_type(make.btf(), number)
    assert odd._fields == (
        "class_", "_fields_", "to_bytes_", "count", "index", "__init___", "x", "x_", "a_b", "_9lives",
        "None_",
    )  # fmt: skip
    value = odd.from_bytes(bytes(range(len(names))))
    assert list(value) == list(range(len(names))) and value.count == 3 and value.index == 4
    assert value.to_bytes() == bytes(range(len(names))) and value.a_b == 8


def test_gaps_and_a_struct_that_is_nothing_else(btf_maker: Any) -> None:
    make = btf_maker()
    u16 = make.integer("uint16", 2)
    number = make.struct("gaps", 12, ("First", u16, 16), ("Second", u16, 64))
    empty, blank = make.struct("empty", 0), make.struct("blank", 4)
    btf = make.btf()
    gaps: Any = python_type(btf, number)
    value = gaps.from_bytes(b"\xff\xff\x01\x00\xff\xff\xff\xff\x02\x00\xff\xff")
    assert repr(value) == "gaps(First=1, Second=2)"
    assert value.to_bytes() == b"\0\0\x01\0\0\0\0\0\x02\0\0\0"
    assert repr(python_type(btf, empty)()) == "empty()" and python_type(btf, empty)().to_bytes() == b""
    assert python_type(btf, blank).from_bytes(b"abcd").to_bytes() == bytes(4)


def test_typedef_names_an_anonymous_struct(btf_maker: Any) -> None:
    make = btf_maker()
    u16 = make.integer("u16", 2)
    anonymous = make.struct("", 2, ("x", u16, 0))
    alias = make.typedef("point_t", make.type(10, "", anonymous))
    btf = make.btf()
    assert python_type(btf, alias).__name__ == "point_t"
    assert python_type(btf, anonymous).__name__ == "anonymous"


def test_union_members_share_their_bytes(btf_maker: Any) -> None:
    make = btf_maker()
    u8, u32, f32 = make.integer("u8", 1), make.integer("u32", 4), make.type(16, "float", 4)
    quad = make.array(u8, 4)
    number = make.union(
        "word", 4, ("number", u32, 0), ("real", f32, 0), ("bytes", quad, 0), ("low", u8, 0, 4)
    )
    word: Any = python_type(make.btf(), number)
    assert word(real=1.0).number == 0x3F800000 and word(number=0x3F800000).real == 1.0
    assert word(number=0x01020304).bytes == b"\x04\x03\x02\x01" and word(number=0xFF).low == 15
    assert word(number=0xFFFFFFFF)._replace(low=0).number == 0xFFFFFFF0


def test_big_endian_bit_fields(btf_maker: Any) -> None:
    """Bits count from the highest of the first byte; the same layout as a big-endian C compiler's."""
    make = btf_maker(">")
    u32, s32 = make.integer("u32", 4), make.integer("s32", 4, 1)
    number = make.struct("bits", 8, ("a", u32, 0, 4), ("b", s32, 4, 12), ("c", u32, 16, 16), ("d", u32, 32))
    bits: Any = python_type(make.btf(), number)
    value = bits(a=0xA, b=-2, c=0x1234, d=5)
    assert value.to_bytes() == bytes.fromhex("affe123400000005")
    assert (value.a, value.b, value.c, value.d) == (0xA, -2, 0x1234, 5)


def test_bit_fields_described_by_their_integer(btf_maker: Any) -> None:
    """As compilers did before Linux 5.0: the width stands in the type, the offset in the member."""
    make = btf_maker()
    three = make.integer("unsigned int", 4, 0, bits=3)
    number = make.struct("old", 4, ("a", three, 0), ("b", three, 3))
    old: Any = python_type(make.btf(), number)
    assert old(a=5, b=6).to_bytes() == bytes([5 | 6 << 3, 0, 0, 0])


def test_enum_names_that_python_reserves(btf_maker: Any) -> None:
    make = btf_maker()
    values = {"mro": 1, "_under_": 2, "__dunder__": 3, "None": 4, "SAME": 5, "ALSO": 5, "name": 6}
    enum = make.enum("odd", 4, False, **values)
    number = make.struct("s", 4, ("e", enum, 0))
    holder: Any = python_type(make.btf(), number)
    for value in values.values():
        member = holder(e=value).e
        assert member == value and isinstance(member.name, str)
    assert holder(e="ALSO").e == 5 and holder(e=77).e == 77


def test_unions_of_user_types_on_writing(event_type: Any, sample_btf: Btf) -> None:
    @dataclasses.dataclass
    class Inner:
        a: int
        b: int

    inner = python_type(sample_btf, type_id(sample_btf, "inner"))
    expected = event_type(in_={"a": 1, "b": 2})
    for given_value in (
        Inner(1, 2),
        CInner(1, 2),
        inner(1, 2),
        bytes(CInner(1, 2)),
        memoryview(bytes(CInner(1, 2))),
    ):
        assert event_type(in_=given_value) == expected
    with pytest.raises(TypeError, match="a event is no inner"):
        event_type(in_=event_type())


@given(st.binary(min_size=160, max_size=160))
def test_any_bytes_read_and_written_again_read_the_same(raw: bytes) -> None:
    event_type = EVENT[0]
    event = event_type.from_bytes(raw)
    again = event_type.from_bytes(event.to_bytes())
    same = [name for name in event._fields if name != "ratio"]  # NaN is not equal to itself
    assert all(getattr(event, name) == getattr(again, name) for name in same)
    assert again.to_bytes() == event.to_bytes()
    rebuilt = event_type(**{name: getattr(event, name) for name in event._fields})
    assert rebuilt.to_bytes() == event.to_bytes()


EVENT: list[Any] = []


@pytest.fixture(autouse=True, scope="module")
def _event_for_hypothesis(sample_btf: Btf) -> None:
    EVENT[:] = [python_type(sample_btf, type_id(sample_btf, "event"))]


class TestValidation:
    def test_fitting_types(self, sample_btf: Btf) -> None:
        class Padded(ctypes.Structure):
            _fields_ = [("a", ctypes.c_uint8), ("_gap", ctypes.c_uint8 * 3), ("b", ctypes.c_uint32)]

        class First(ctypes.Structure):
            _fields_ = [("a", ctypes.c_uint8)]

        extended = type("Extended", (First,), {"_fields_": [("b", ctypes.c_uint32)]})

        number = type_id(sample_btf, "inner")
        for fitting in (CInner, Padded, extended, python_type(sample_btf, number), bytes, int):
            validate_against_btf(fitting, sample_btf, number)
        validate_against_btf(ctypes.c_uint32, sample_btf, type_id(sample_btf, "u32"))

    @pytest.mark.parametrize(
        ("fields", "pack", "reason"),
        [
            ([("a", ctypes.c_uint8), ("c", ctypes.c_uint32)], 0, "called 'b' in BTF"),
            ([("a", ctypes.c_uint8), ("b", ctypes.c_uint32)], 1, "has 5 bytes, BTF's 'inner' has 8"),
            ([("a", ctypes.c_uint8), ("b", ctypes.c_uint32)], 1, "Mine.b is at byte 1, 'b' at 4"),
            ([("a", ctypes.c_uint64)], 0, "has 1 fields, BTF's 'inner' has 2"),
            ([("a", ctypes.c_uint16), ("b", ctypes.c_uint32)], 0, "Mine.a has 2 bytes, 'a' has 1"),
        ],
    )
    def test_differences(self, sample_btf: Btf, fields: list[Any], pack: int, reason: str) -> None:
        body: dict[str, Any] = {"_pack_": pack, "_layout_": "ms"} if pack else {}
        mine = type("Mine", (ctypes.Structure,), {**body, "_fields_": fields})
        with pytest.raises(BtfValidationError) as caught:
            validate_against_btf(mine, sample_btf, type_id(sample_btf, "inner"))
        assert reason in str(caught.value)
        assert '("b", ctypes.c_uint32),' in caught.value.suggestions[0]

    def test_names_can_be_waived(self, sample_btf: Btf) -> None:
        mine = type(
            "Mine", (ctypes.Structure,), {"_fields_": [("x", ctypes.c_uint8), ("y", ctypes.c_uint32)]}
        )
        validate_against_btf(mine, sample_btf, type_id(sample_btf, "inner"), validate_field_names=False)

    def test_the_suggested_definition_fits(self, sample_btf: Btf) -> None:
        number = type_id(sample_btf, "inner")
        with pytest.raises(BtfValidationError) as caught:
            validate_against_btf(ctypes.c_uint16, sample_btf, number)
        scope: dict[str, Any] = {"ctypes": ctypes}
        exec(caught.value.suggestions[0], scope)
        validate_against_btf(scope["c_ushort"], sample_btf, number)

    def test_a_structure_for_a_number(self, sample_btf: Btf) -> None:
        with pytest.raises(BtfValidationError, match="is a structure, BTF's 'u64' is not"):
            validate_against_btf(CInner, sample_btf, type_id(sample_btf, "u64"))
