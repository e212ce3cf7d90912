from __future__ import annotations

import ctypes
import struct
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinybpf.errors import BpfError, BtfValidationError
from tinybpf.libbpf.btf import INT_BOOL, INT_SIGNED, Btf, BtfKind
from tinybpf.libbpf.codec import Codec, bytes_codec, codec_for, codec_for_python
from tinybpf.libbpf.types import python_type
from tinybpf.libbpf.values import BpfBytes


class Pair(ctypes.Structure):
    _fields_ = [("a", ctypes.c_uint8), ("b", ctypes.c_uint32)]


def scalars(make: Any) -> dict[str, int]:
    ids = {f"u{8 * size}": make.integer(f"u{8 * size}", size) for size in (1, 2, 4, 8, 16)}
    ids |= {f"s{8 * size}": make.integer(f"s{8 * size}", size, INT_SIGNED) for size in (1, 2, 4, 8, 16)}
    ids["bool"] = make.integer("bool", 1, INT_BOOL)
    ids |= {"f32": make.type(BtfKind.FLOAT, "float", 4), "f64": make.type(BtfKind.FLOAT, "double", 8)}
    ids["color"] = make.enum("color", 4, True, RED=0, NEGATIVE=-1)
    return ids


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("size", [1, 2, 4, 8, 16])
@pytest.mark.parametrize("signed", [False, True])
@given(data=st.data())
def test_integers(data: st.DataObject, order: str, size: int, signed: bool) -> None:
    make = MAKER[0](order)
    number = make.integer("n", size, INT_SIGNED if signed else 0)
    codec = codec_for(make.btf(), number, size)
    low, high = (-(1 << 8 * size - 1), (1 << 8 * size - 1) - 1) if signed else (0, (1 << 8 * size) - 1)
    value = data.draw(st.integers(low, high))
    endian: Any = "little" if order == "<" else "big"
    raw = value.to_bytes(size, endian, signed=signed)
    assert codec.encode(value) == raw and codec.decode(raw) == value == codec.decode(memoryview(raw))
    assert codec.encode(raw) == raw == codec.encode(bytearray(raw))
    for outside in (low - 1, high + 1):
        with pytest.raises(ValueError, match=rf"value {outside} is out of range {low} to {high} \(n\)"):
            codec.encode(outside)


MAKER: list[Any] = []


@pytest.fixture(autouse=True)
def _maker_for_hypothesis(btf_maker: Any) -> None:
    MAKER[:] = [btf_maker]


def test_each_kind_has_its_python_type(btf_maker: Any) -> None:
    make = btf_maker()
    ids = scalars(make)
    ids["alias"] = make.typedef("alias", ids["u32"])
    ids["pointer"] = make.pointer(ids["u32"])
    btf = make.btf()

    def codec(name: str, **options: Any) -> Codec:
        return codec_for(btf, ids[name], btf.size_of(ids[name]), **options)

    assert (
        codec("s32").decode(b"\xff\xff\xff\xff") == -1
        and codec("u32").decode(b"\xff\xff\xff\xff") == 0xFFFFFFFF
    )
    assert codec("bool").decode(b"\x01") is True and codec("bool").encode(False) == b"\0"
    assert codec("bool").decode(b"\x02") is True and codec("bool").encode(1) == b"\x01"
    assert codec("f64").decode(struct.pack("<d", 1.5)) == 1.5 and codec("f32").encode(2) == struct.pack(
        "<f", 2
    )
    assert codec("color").decode(b"\xff" * 4).name == "NEGATIVE" and codec("color").encode("RED") == bytes(4)
    assert codec("color").decode(b"\x09\0\0\0") == 9
    assert codec("pointer").decode(b"\x01" + bytes(7)) == 1
    assert codec("alias").label == "alias" and codec("alias").encode(7) == b"\x07\0\0\0"
    types = {name: codec(name).python_type for name in ("u32", "bool", "f32", "color", "pointer")}
    assert types == {"u32": int, "bool": bool, "f32": float, "color": int, "pointer": int}
    assert codec("color", structs=False).decode(bytes(4)) == bytes(4)
    assert codec("s32", structs=False).decode(bytes(4)) == 0


@pytest.mark.parametrize(
    ("name", "value", "error"),
    [
        ("u32", "7", TypeError), ("u32", 7.0, TypeError), ("u32", None, TypeError), ("u32", [7], TypeError),
        ("u32", b"\0\0\0", ValueError), ("u32", b"\0" * 5, ValueError),
        ("u32", ctypes.c_uint16(1), ValueError),
        ("bool", 2, TypeError), ("bool", "x", TypeError), ("f32", 1e300, ValueError), ("f64", "x", TypeError),
        ("color", "BLUE", ValueError), ("color", 1 << 31, ValueError), ("u128", -1, ValueError),
        ("f64", b"1234", ValueError),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused(btf_maker: Any, name: str, value: Any, error: type[Exception]) -> None:
    make = btf_maker()
    number = scalars(make)[name]
    btf = make.btf()
    with pytest.raises(error) as caught:
        codec_for(btf, number, btf.size_of(number)).encode(value)
    assert not isinstance(caught.value, struct.error)


def test_ctypes_scalars_are_taken_as_they_are(btf_maker: Any) -> None:
    make = btf_maker()
    codec = codec_for(btf := make.btf() if make.integer("u32", 4) else None, 1, 4)
    assert btf is not None and codec.encode(ctypes.c_uint32(7)) == struct.pack("=I", 7)
    assert codec.encode(ctypes.c_int32(-1)) == b"\xff" * 4


def test_decoding_another_size_is_an_error(btf_maker: Any) -> None:
    make = btf_maker()
    ids = scalars(make)
    btf = make.btf()
    for number in ids.values():
        size = btf.size_of(number)
        for wrong in (size - 1, size + 1):
            with pytest.raises(BpfError, match=f"{wrong} bytes are no"):
                codec_for(btf, number, size).decode(bytes(wrong))


def test_structs_come_out_as_their_class_or_as_bytes(sample_btf: Btf) -> None:
    number = sample_btf.find("inner")
    assert number is not None
    inner = python_type(sample_btf, number)
    codec = codec_for(sample_btf, number, 8)
    raw = bytes(Pair(1, 2))
    assert codec.python_type is inner and codec.decode(raw) == inner(a=1, b=2)
    for value in (inner(a=1, b=2), {"a": 1, "b": 2}, Pair(1, 2), raw, memoryview(raw)):
        assert codec.encode(value) == raw
    plain = codec_for(sample_btf, number, 8, structs=False)
    assert plain.python_type is bytes and plain.decode(raw) == raw and plain.encode({"a": 1, "b": 2}) == raw
    for short in (raw[:7], raw + b"\0"):
        with pytest.raises(ValueError, match="exactly 8 needed"):
            codec.encode(short)
    with pytest.raises(TypeError, match="is no inner, mapping or bytes"):
        codec.encode(5)
    with pytest.raises(BtfValidationError, match="'inner' has 8 bytes, 12 are needed"):
        codec_for(sample_btf, number, 12)


def test_arrays(btf_maker: Any) -> None:
    make = btf_maker()
    u8, s16 = make.integer("uint8", 1), make.integer("int16", 2, INT_SIGNED)
    text, numbers, grid = make.array(u8, 4), make.array(s16, 3), make.array(make.array(s16, 2), 2)
    flags = make.array(make.integer("bool", 1, INT_BOOL), 2)
    btf = make.btf()
    chars = codec_for(btf, text, 4)
    assert chars.decode(b"ab\0\0") == b"ab\0\0" and chars.decode(b"ab\0\0").text == "ab"
    assert chars.encode(b"abcd") == b"abcd" and chars.encode("ab") == b"ab\0\0" and chars.encode([1, 2, 3, 4])
    with pytest.raises(ValueError, match="2 bytes given, exactly 4 needed"):
        chars.encode(b"ab")
    rows = codec_for(btf, numbers, 6)
    assert rows.decode(b"\x01\0\xff\xff\0\x80") == [1, -1, -32768] and rows.python_type is list
    assert rows.encode([1, -1, -32768]) == b"\x01\0\xff\xff\0\x80" == rows.encode((1, -1, -32768))
    assert rows.encode(b"\0" * 6) == bytes(6)
    for wrong in ([1, 2], [1, 2, 3, 4], [1, 2, 40000], 7, "abc"):
        with pytest.raises((TypeError, ValueError)):
            rows.encode(wrong)
    nested = codec_for(btf, grid, 8)
    assert nested.decode(struct.pack("<4h", 1, 2, 3, 4)) == [(1, 2), (3, 4)]
    assert nested.encode([[1, 2], [3, 4]]) == struct.pack("<4h", 1, 2, 3, 4)
    assert codec_for(btf, flags, 2).decode(b"\x01\0") == [True, False]


def test_without_btf() -> None:
    for codec in (bytes_codec(4), codec_for(None, None, 4), codec_for(None, 5, 4)):
        assert codec.decode(b"abcd") == b"abcd" and isinstance(codec.decode(b"abcd"), BpfBytes)
        assert codec.encode(b"abcd") == b"abcd" == codec.encode(bytearray(b"abcd"))
        assert codec.encode(7) == (7).to_bytes(4, sys.byteorder)
        assert codec.encode(-1) == b"\xff" * 4 and codec.encode(Pair.a.size) == codec.encode(1)
        unfit: tuple[Any, ...] = (b"abc", b"abcde", 1 << 32, -(1 << 31) - 1)
        for wrong in unfit:
            with pytest.raises(ValueError):
                codec.encode(wrong)
        unusable: tuple[Any, ...] = ("abcd", None, 1.5, [1, 2, 3, 4])
        for wrong in unusable:
            with pytest.raises(TypeError):
                codec.encode(wrong)
        with pytest.raises(BpfError, match="3 bytes are no value: it has 4"):
            codec.decode(b"abc")
    assert bytes_codec(0).encode(b"") == b""
    with pytest.raises(ValueError):
        bytes_codec(0).encode(1)


class TestPythonTypes:
    def test_ctypes_structure(self) -> None:
        codec = codec_for_python(Pair, 8)
        value = codec.decode(bytes(Pair(1, 2)))
        assert isinstance(value, Pair) and (value.a, value.b) == (1, 2)
        assert codec.encode(Pair(1, 2)) == bytes(Pair(1, 2)) == codec.encode(bytes(Pair(1, 2)))
        for wrong in (bytes(7), 5, {"a": 1}):
            with pytest.raises((TypeError, ValueError)):
                codec.encode(wrong)
        for size in (7, 9):
            with pytest.raises(BpfError, match=f"{size} bytes are no Pair"):
                codec.decode(bytes(size))
        with pytest.raises(BtfValidationError, match="Pair has 8 bytes, 12 are needed"):
            codec_for_python(Pair, 12)

    def test_decoded_structures_are_copies(self) -> None:
        buffer = bytearray(bytes(Pair(1, 2)))
        value = codec_for_python(Pair, 8).decode(buffer)
        buffer[0] = 9
        assert value.a == 1

    def test_ctypes_scalar(self) -> None:
        codec = codec_for_python(ctypes.c_int32, 4)
        assert codec.encode(-1) == b"\xff" * 4 == codec.encode(ctypes.c_int32(-1))
        assert isinstance(codec.decode(b"\xff" * 4), ctypes.c_int32) and codec.decode(b"\xff" * 4).value == -1
        with pytest.raises(ValueError, match="does not fit"):
            codec.encode(1 << 31)

    def test_ctypes_array(self) -> None:
        codec = codec_for_python(ctypes.c_uint16 * 2, 4)
        assert list(codec.decode(struct.pack("=2H", 1, 2))) == [1, 2]
        assert codec.encode((ctypes.c_uint16 * 2)(1, 2)) == struct.pack("=2H", 1, 2)

    def test_plain_types(self, sample_btf: Btf) -> None:
        assert codec_for_python(int, 4).decode(b"\xff" * 4) == 0xFFFFFFFF
        assert codec_for_python(int, 4, signed=True).decode(b"\xff" * 4) == -1
        assert codec_for_python(int, 6).encode(7) == (7).to_bytes(6, sys.byteorder)
        assert codec_for_python(bool, 1).decode(b"\x01") is True
        assert codec_for_python(float, 8).encode(1.5) == struct.pack("=d", 1.5)
        assert codec_for_python(bytes, 3).decode(b"abc") == b"abc"
        assert (
            codec_for_python(str, 4).decode(b"ab\0c") == "ab"
            and codec_for_python(str, 4).encode("ab") == b"ab\0\0"
        )
        inner = python_type(sample_btf, sample_btf.find("inner") or 0)
        codec = codec_for_python(inner, 8)
        assert codec.decode(codec.encode(inner(a=1))) == inner(a=1) and codec.encode({"a": 1}) == bytes(
            inner(a=1)
        )
        for wrong, size in ((bool, 2), (float, 3), (inner, 9)):
            with pytest.raises(BtfValidationError):
                codec_for_python(wrong, size)
        for nothing in (list, "int", 5):
            with pytest.raises(TypeError):
                codec_for_python(nothing, 4)


def test_ctypes_is_not_imported_for_btf(sample_elf: bytes) -> None:
    import subprocess

    script = (
        "import sys; from tinybpf.libbpf.btf import Btf; from tinybpf.libbpf.btf_ext import read_sections\n"
        "from tinybpf.libbpf.codec import codec_for\n"
        "btf = Btf(read_sections(sys.stdin.buffer.read())['.BTF'])\n"
        "codec = codec_for(btf, btf.find('event'), 160)\n"
        "assert codec.decode(codec.encode({'pid': 7})).pid == 7\n"
        "assert 'ctypes' not in sys.modules, 'ctypes'\n"
    )
    done = subprocess.run([sys.executable, "-c", script], input=sample_elf, capture_output=True)
    assert done.returncode == 0, done.stderr.decode()
