"""What csrc/objects makes, compared with what Python makes of the same bytes."""

from __future__ import annotations

import gc
import struct
import sys
import weakref
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tinybpf.errors import BpfError
from tinybpf.libbpf import _objects
from tinybpf.libbpf._events import struct_decoder
from tinybpf.libbpf.btf import Btf, BtfKind
from tinybpf.libbpf.types import BpfStruct, python_type

ORDER = "<" if sys.byteorder == "little" else ">"
direct = pytest.mark.parametrize("direct", [True, False])


class Record(tuple):  # type: ignore[type-arg]
    __slots__ = ()


def maker(format_: str, direct: bool, slowly: Callable[[Any], Any] = repr) -> Callable[[Any], Any]:
    made = _objects.struct_maker(Record, format_, slowly, direct)
    assert made is not None
    return made


@direct
@settings(deadline=None)
@given(codes=st.lists(st.sampled_from("bBhHiIqQfd?") | st.integers(0, 9).map("{}s".format), max_size=12),
       pads=st.integers(0, 9), data=st.data())  # fmt: skip
def test_it_reads_what_struct_reads(direct: bool, codes: list[str], pads: int, data: st.DataObject):
    format_ = f"{pads}x".join(["", *codes, ""]) if pads else "".join(codes)
    layout = struct.Struct(ORDER + format_)
    record = data.draw(st.binary(min_size=layout.size, max_size=layout.size))
    made, expected = maker(format_, direct)(record), layout.unpack(record)
    assert type(made) is Record and [*map(repr, made)] == [*map(repr, expected)]  # nan is nan
    if made == expected:
        assert hash(made) == hash(expected)


@direct
def test_another_size_and_no_bytes_go_elsewhere(direct: bool):
    make = maker("IH", direct, lambda record: ("elsewhere", record))
    for record in (b"", bytes(5), bytes(7), bytearray(6), None, 3):
        assert make(record) == ("elsewhere", record)
    with pytest.raises(ZeroDivisionError):
        maker("I", direct, lambda record: 1 // 0)(b"")


@pytest.mark.parametrize(
    "format_", ["e", "3I", "l", "P", "I i", "<I", "99999999999s", "2147483648x", "I9", "\x80"]
)
def test_a_format_that_is_beyond_it(format_: str):
    assert _objects.struct_maker(Record, format_, repr, True) is None


def test_wrong_arguments():
    for arguments in ((), (3, "I", repr, True), (int, "I", repr, True), (Record, b"I", repr, True)):
        with pytest.raises(TypeError):
            _objects.struct_maker(*arguments)  # type: ignore[arg-type]


@direct
def test_nothing_is_kept(direct: bool):
    class Short(tuple):  # type: ignore[type-arg]
        pass

    make = _objects.struct_maker(Short, "Q4s", repr, direct)
    assert make is not None
    made = [make(bytes(12)) for _ in range(1000)]
    before, dead = sys.getrefcount(Short), weakref.ref(Short)
    del made
    assert sys.getrefcount(Short) == before - 1000
    del make, Short
    gc.collect()
    assert dead() is None


@direct
def test_classes_from_btf(sample_btf: Btf, direct: bool):
    """Of each struct of an object: equal to what the class itself reads, whatever its fields are."""
    checked = 0
    for name in sample_btf.names(BtfKind.STRUCT):
        type_id = sample_btf.find(name, BtfKind.STRUCT)
        assert type_id is not None
        cls = python_type(sample_btf, type_id)
        record = bytes(n % 251 for n in range(cls._size))
        made = struct_decoder(cls, cls.from_bytes, direct)(record)
        assert isinstance(made, BpfStruct) and made == cls.from_bytes(record)
        assert made.to_bytes() == cls.from_bytes(record).to_bytes() and hash(made) == hash(
            cls.from_bytes(record)
        )
        with pytest.raises(BpfError, match=f"{cls._size + 1} bytes are no {cls.__name__}"):
            struct_decoder(cls, cls.from_bytes, direct)(record + b"x")
        checked += 1
    assert checked >= 3
