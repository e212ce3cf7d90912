"""Keys, values and events: Python to bytes and back, chosen once for a map or a buffer.

``codec_for`` chooses by BTF, ``codec_for_python`` by a type that the user gives. Bytes of another
size than the type's are errors: nothing is cut and nothing is padded.
"""

from __future__ import annotations

import struct
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tinybpf.errors import BpfError, BtfValidationError
from tinybpf.libbpf import values
from tinybpf.libbpf.btf import COMPOSITE, Btf, BtfKind
from tinybpf.libbpf.types import BpfStruct, is_address, python_type, value_of
from tinybpf.libbpf.values import Value

if TYPE_CHECKING:
    from tinybpf.libbpf.values import ByteOrder

_NATIVE: ByteOrder = "little" if sys.byteorder == "little" else "big"
_ORDER = "<" if _NATIVE == "little" else ">"


class Codec:
    """How values of one type go to bytes (``encode``) and come from a buffer (``decode``).

    ``python_type`` is the type of what ``decode`` gives; ``label`` names the type in messages.
    ``encode`` raises ``TypeError`` or ``ValueError``, ``decode`` raises ``BpfError``. ``form`` is for C,
    which does the common cases by itself: a code of ``struct`` for an integer of the machine's byte
    order, "s" where bytes go in as they are, "" where only the functions know.
    """

    __slots__ = ("decode", "encode", "form", "label", "python_type", "size")

    def __init__(
        self,
        label: str,
        size: int,
        python_type: type,
        encode: Callable[[Any], bytes],
        decode: Callable[[Any], Any],
        form: str = "",
    ) -> None:
        self.form = form
        self.label = label
        self.size = size
        self.python_type = python_type
        self.encode = encode
        self.decode = decode

    def __repr__(self) -> str:
        return f"<Codec {self.label}: {self.size} bytes, {self.python_type.__name__}>"


def codec_for(btf: Btf | None, type_id: int | None, size: int, *, structs: bool = True) -> Codec:
    """The codec for a BTF type; without one (None, or ``void``), bytes of exactly ``size``.

    With ``structs=False`` only integers, floats and bools are decoded and all else comes out as
    bytes, as in the established API; what can be encoded stays the same.
    """
    if btf is None or not type_id:
        return bytes_codec(size)
    value = value_of(btf, type_id)
    if value.size != size:
        raise BtfValidationError(f"BTF type '{value.label}' has {value.size} bytes, {size} are needed")
    record = btf.resolve(type_id)
    if is_address(record):
        return _address_codec(value, btf.byte_order, structs)
    if record.kind in COMPOSITE:
        cls = python_type(btf, type_id)
        decode = cls.from_bytes if structs else _exact_bytes(size, value.label)
        return Codec(value.label, size, cls if structs else bytes, value.dump, decode)
    if record.kind is BtfKind.ARRAY:
        return _array_codec(value, structs)
    order = btf.byte_order
    if not structs and record.kind in (BtfKind.ENUM, BtfKind.ENUM64, BtfKind.PTR):
        return Codec(value.label, size, bytes, _encoder(value, order), _exact_bytes(size, value.label))
    kind: type = {"?": bool, "f": float, "d": float, "e": float}.get(value.code, int)
    if record.kind is BtfKind.FLOAT and kind is int:
        kind = bytes
    form = _form(value, order) if kind is int else ""
    return Codec(value.label, size, kind, _encoder(value, order), _decoder(value, order), form)


def _form(value: Value, order: str) -> str:
    """How C names what ``value`` is, where it knows it."""
    return value.code if value.code in "bBhHiIqQ" and value.load is None and order == _ORDER else ""


def _address_codec(value: Value, order: str, structs: bool) -> Codec:
    if not structs:
        return Codec(value.label, value.size, bytes, value.dump, _exact_bytes(value.size, value.label))
    kind: Any = value.load
    return Codec(value.label, value.size, kind, value.dump, _decoder(value, order))


def bytes_codec(size: int) -> Codec:
    """Bytes of exactly ``size``; an int is written in the machine's byte order."""

    def encode(value: Any) -> bytes:
        if type(value) is bytes and len(value) == size:
            return value
        if isinstance(value, int):
            return _native_int(value, size)
        return _bytes_of(value, size)

    return Codec(f"{size} bytes", size, bytes, encode, _exact_bytes(size, "value"), "s")


def codec_for_python(type_: Any, size: int, *, signed: bool = False) -> Codec:
    """The codec for a type of the user's: a ``ctypes`` structure or scalar, a class made from BTF,
    ``int`` (``signed`` or not), ``bool``, ``float``, ``bytes``, ``str`` (up to the first NUL).

    ``TypeError`` for another type, ``BtfValidationError`` where the type has another size.
    """
    if not isinstance(type_, type):
        raise TypeError(f"{type_!r} is no type")
    if issubclass(type_, BpfStruct):
        return _struct_codec(type_, size)
    if type_ is bytes:
        return bytes_codec(size)
    if type_ is str:
        value = values.byte_array("str", size)
        return Codec("str", size, str, value.dump, lambda data: _exact_bytes(size, "str")(data).text)
    if type_ is int or type_ is bool or type_ is float:
        value = _plain_value(type_, size, signed)
        form = _form(value, _ORDER) if type_ is int else ""
        return Codec(value.label, size, type_, _encoder(value, _ORDER), _decoder(value, _ORDER), form)
    if hasattr(type_, "from_buffer_copy"):
        return _ctypes_codec(type_, size)
    usable = (
        "a ctypes structure or scalar, int, bool, float, bytes or str (in maps also an IntEnum, a dataclass)"
    )
    raise TypeError(f"{type_.__name__} can't be read from bytes: use {usable}")


def _plain_value(type_: type, size: int, signed: bool) -> Value:
    if type_ is int:
        return values.integer("int", size, signed, _NATIVE)
    if type_ is bool and size == 1:
        return values.boolean("bool")
    if type_ is float and size in (2, 4, 8):
        return values.floating("float", size)
    raise BtfValidationError(f"no {type_.__name__} has {size} bytes")


def _struct_codec(cls: type[BpfStruct], size: int) -> Codec:
    if cls._size != size:
        raise BtfValidationError(f"{cls.__name__} has {cls._size} bytes, {size} are needed")

    def encode(value: Any) -> bytes:
        if isinstance(value, cls):
            return value.to_bytes()
        if isinstance(value, dict):
            return cls(**value).to_bytes()  # type: ignore[no-any-return]
        return _bytes_of(value, size)

    return Codec(cls.__name__, size, cls, encode, cls.from_bytes)


def _ctypes_codec(type_: Any, size: int) -> Codec:
    from ctypes import sizeof  # 3 ms to import; whoever gives a ctypes type has paid them

    if sizeof(type_) != size:
        raise BtfValidationError(f"{type_.__name__} has {sizeof(type_)} bytes, {size} are needed")
    scalar = hasattr(type_, "_type_") and not hasattr(type_, "_length_")
    make = type_.from_buffer_copy
    label = type_.__name__

    def encode(value: Any) -> bytes:
        if isinstance(value, type_):
            return bytes(value)
        if scalar and isinstance(value, (int, float)):
            made = type_(value)
            if made.value == value:
                return bytes(made)
            raise ValueError(f"value {value} does not fit {label}")
        return _bytes_of(value, size)

    def decode(data: Any) -> Any:
        if memoryview(data).nbytes != size:
            raise BpfError(f"{memoryview(data).nbytes} bytes are no {label}: it has {size}")
        return make(data)

    return Codec(label, size, type_, encode, decode)


def _array_codec(value: Value, structs: bool) -> Codec:
    """An array on its own is a list, or bytes; within a struct it is a tuple, for structs don't change."""
    size, load, label = value.size, value.load, value.label
    exact = _exact_bytes(size, label)
    if load is values.BpfBytes:
        return Codec(label, size, values.BpfBytes, value.dump, exact)
    if not structs:
        return Codec(label, size, bytes, value.dump, exact)
    assert load is not None
    return Codec(label, size, list, value.dump, lambda data: list(load(exact(data))))


def _encoder(value: Value, order: str) -> Callable[[Any], bytes]:
    """``dump`` to bytes for a scalar: what has its bytes already is taken as it is."""
    pack, dump, size, label = struct.Struct(order + value.code).pack, value.dump, value.size, value.label

    def encode(given: Any) -> bytes:
        try:
            return pack(given)
        except (struct.error, TypeError, OverflowError):
            pass
        raw = values.raw_bytes(given, size)
        if raw is not None:
            return raw
        try:
            return pack(dump(given))
        except (TypeError, ValueError) as error:
            raise type(error)(f"{error} ({label})") from None

    def encode_checked(given: Any) -> bytes:
        raw = values.raw_bytes(given, size)
        try:
            return raw if raw is not None else pack(dump(given))
        except (TypeError, ValueError) as error:
            raise type(error)(f"{error} ({label})") from None

    return encode if value.code in "bBhHiIqQ" else encode_checked


def _decoder(value: Value, order: str) -> Callable[[Any], Any]:
    unpack, load, size, label = struct.Struct(order + value.code).unpack, value.load, value.size, value.label

    def decode(data: Any) -> Any:
        try:
            return unpack(data)[0]
        except struct.error:
            raise BpfError(f"{memoryview(data).nbytes} bytes are no {label}: it has {size}") from None

    if load is None:
        return decode
    return lambda data: load(decode(data))


def _exact_bytes(size: int, label: str) -> Callable[[Any], values.BpfBytes]:
    def decode(data: Any) -> values.BpfBytes:
        raw = values.BpfBytes(data)
        if len(raw) != size:
            raise BpfError(f"{len(raw)} bytes are no {label}: it has {size}")
        return raw

    return decode


def _bytes_of(value: Any, size: int) -> bytes:
    raw = values.raw_bytes(value, size)
    if raw is None:
        raise TypeError(f"{value!r} ({type(value).__name__}) is neither bytes nor anything with a buffer")
    return raw


def _native_int(value: int, size: int) -> bytes:
    try:
        return value.to_bytes(size, _NATIVE, signed=value < 0)
    except OverflowError:
        raise ValueError(f"value {value} does not fit {size} bytes") from None
