"""One value of a BTF type that is no struct: how it is read from bytes and written to them.

A ``Value`` names the code that ``struct`` reads and writes it by. ``load`` makes the Python value
from what ``struct`` read (None: that is the value already); ``dump`` does the reverse and refuses
what does not fit with a ``ValueError`` or ``TypeError`` that gives the reason only: who calls knows
the name of the field or the map.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Sequence
from enum import IntEnum
from operator import index
from typing import Any, Literal, TypeAlias

ByteOrder: TypeAlias = Literal["little", "big"]

_INT_CODES = {1: "bB", 2: "hH", 4: "iI", 8: "qQ"}
_FLOAT_CODES = {2: "e", 4: "f", 8: "d"}


class Value:
    """How values of one type are read and written; ``size`` is in bytes, ``label`` names the type."""

    __slots__ = ("code", "dump", "exact", "label", "load", "size")

    def __init__(
        self,
        label: str,
        code: str,
        size: int,
        dump: Callable[[Any], Any],
        load: Callable[[Any], Any] | None = None,
        exact: bool = True,
    ) -> None:
        self.label = label
        self.code = code
        self.size = size
        self.dump = dump
        self.load = load
        self.exact = exact  # equal values have equal bytes: there is no padding


class BpfBytes(bytes):
    """The bytes of an array of chars; ``text`` is what stands before the first NUL."""

    __slots__ = ()

    @property
    def text(self) -> str:
        """The characters before the first NUL, as UTF-8; bytes that are none appear as ``\\xNN``."""
        return self.split(b"\0", 1)[0].decode("utf-8", "backslashreplace")

    def __str__(self) -> str:
        return self.text


class BpfEnum(IntEnum):
    """The base of enums made from BTF."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}.{self.name}"


def raw_bytes(value: Any, size: int) -> bytes | None:
    """The bytes of ``value`` where it has a buffer (bytes, ctypes, memoryview …), else None.

    ``ValueError`` where they are not exactly ``size``: nothing is cut and nothing is padded.
    """
    if isinstance(value, (int, str, float)):
        return None
    try:
        view = memoryview(value)
    except TypeError:
        return None
    if view.nbytes != size:
        raise ValueError(f"{view.nbytes} bytes given, exactly {size} needed")
    return view.tobytes()


def integer(label: str, size: int, signed: bool, order: ByteOrder) -> Value:
    """An integer of any number of bytes."""
    bits = 8 * size
    low, high = (-(1 << bits - 1), (1 << bits - 1) - 1) if signed else (0, (1 << bits) - 1)

    def check(value: Any) -> int:
        try:
            number = index(value)
        except TypeError:
            raise TypeError(f"{value!r} ({type(value).__name__}) is no integer") from None
        if low <= number <= high:
            return number
        raise ValueError(f"value {number} is out of range {low} to {high}")

    code = _INT_CODES.get(size)
    if code is not None:
        return Value(label, code[0 if signed else 1], size, check)

    def load(raw: bytes) -> int:
        return int.from_bytes(raw, order, signed=signed)

    def dump(value: Any) -> bytes:
        return check(value).to_bytes(size, order, signed=signed)

    return Value(label, f"{size}s", size, dump, load)


def network_integer(label: str, size: int) -> Value:
    """An unsigned integer in network byte order (``__be16`` and the like): the host's number."""
    check = integer(label, size, False, "big").dump

    def dump(value: Any) -> bytes:
        number = check(value)
        return number if isinstance(number, bytes) else number.to_bytes(size, "big")

    return Value(label, f"{size}s", size, dump, lambda raw: int.from_bytes(raw, "big"))


def address(label: str, size: int) -> Value:
    """An IP address of 4 or 16 bytes: an ``ipaddress`` object; written also from a str or bytes."""
    from ipaddress import IPv4Address, IPv6Address  # 3 ms, and only for those who have addresses

    kind: type[IPv4Address] | type[IPv6Address] = IPv4Address if size == 4 else IPv6Address

    def dump(value: Any) -> bytes:
        if isinstance(value, str):
            try:
                value = kind(value)
            except ValueError as error:
                raise ValueError(f"{value!r} is no IPv{4 if size == 4 else 6} address: {error}") from None
        if isinstance(value, kind):
            return value.packed
        raw = raw_bytes(value, size)
        if raw is None:
            raise TypeError(f"{value!r} ({type(value).__name__}) is no IPv{4 if size == 4 else 6} address")
        return raw

    return Value(label, f"{size}s", size, dump, kind)


def boolean(label: str) -> Value:
    """A bool of one byte; any byte but 0 reads as True."""

    def dump(value: Any) -> bool:
        if value is True or value is False or (isinstance(value, int) and value in (0, 1)):
            return bool(value)
        raise TypeError(f"{value!r} ({type(value).__name__}) is no bool")

    return Value(label, "?", 1, dump, exact=False)


def floating(label: str, size: int) -> Value:
    """A float of 2, 4 or 8 bytes; others (x86's 80 bits) stay bytes, nothing would read them exactly."""
    code = _FLOAT_CODES.get(size)
    if code is None:
        return byte_array(label, size)

    def dump(value: Any) -> float:
        if not isinstance(value, (int, float)):
            raise TypeError(f"{value!r} ({type(value).__name__}) is no number")
        try:
            struct.pack("<" + code, value)
        except OverflowError:
            raise ValueError(f"value {value} is out of range for a float of {size} bytes") from None
        return float(value)

    return Value(label, code, size, dump)


def enumeration(
    label: str, size: int, signed: bool, order: ByteOrder, values: Sequence[tuple[str, int]]
) -> Value:
    """An enum: an ``IntEnum``'s member, or the plain number where BTF has no name for it."""
    number = integer(label, size, signed, order)
    by_value: dict[int, int] = {}
    by_name = dict(values)

    def load(raw: Any) -> int:
        value: int = raw if number.load is None else number.load(raw)
        if not by_value:  # making the class costs 0.1 ms: not before it is needed
            by_value.update((int(member), member) for member in enum_class(label, values))
        return by_value.get(value, value)

    def dump(value: Any) -> Any:
        if isinstance(value, str):
            if value not in by_name:
                raise ValueError(f"'{value}' is not one of {', '.join(by_name) or 'no names'}")
            value = by_name[value]
        return number.dump(value)

    return Value(label, number.code, size, dump, load if values else number.load)


def enum_class(name: str, values: Iterable[tuple[str, int]]) -> type[BpfEnum]:
    """An ``IntEnum`` of the names; those that Python's enums reserve lose or gain an underscore."""
    members: dict[str, int] = {}
    for member, value in values:
        usable = member.rstrip("_") or "_0" if member.startswith("_") else member
        usable = usable if usable not in ("mro", "name", "value") else usable + "_"
        while usable in members:
            usable += "_0"
        members[usable] = value
    make: Any = BpfEnum  # the functional form, which type checkers know for literals only
    return make(name, members)  # type: ignore[no-any-return]


def byte_array(label: str, size: int) -> Value:
    """An array of bytes or chars: ``BpfBytes``; written from exactly its size, or from a shorter str."""

    def dump(value: Any) -> bytes:
        if isinstance(value, str):
            text = value.encode()
            if len(text) > size:
                raise ValueError(f"{value!r} takes {len(text)} bytes, only {size} are there")
            return text.ljust(size, b"\0")
        raw = raw_bytes(value, size)
        if raw is None:
            raw = _bytes_of_numbers(value)
        if len(raw) != size:
            raise ValueError(f"{len(raw)} bytes given, exactly {size} needed")
        return raw

    return Value(label, f"{size}s", size, dump, BpfBytes)


def _bytes_of_numbers(value: Any) -> bytes:
    if isinstance(value, (list, tuple)):
        try:
            return bytes([number & 0xFF if -128 <= number < 0 else number for number in value])
        except TypeError:
            pass
    raise TypeError(f"{value!r} ({type(value).__name__}) is not bytes")


def array(element: Value, length: int, order: str) -> Value:
    """An array of anything else: a tuple. Elements of size 0 carry nothing and read as ``()``."""
    size = element.size * length
    load = _array_loader(element, length, order)
    pack_one = struct.Struct(order + element.code).pack

    def dump(value: Any) -> bytes:
        raw = raw_bytes(value, size) if not isinstance(value, (list, tuple)) else None
        if raw is not None:
            return raw
        if not isinstance(value, Sequence) or isinstance(value, str):
            raise TypeError(f"{value!r} ({type(value).__name__}) is no sequence")
        if len(value) != (length if element.size else 0):
            raise ValueError(f"{len(value)} elements given, exactly {length} needed")
        return b"".join(pack_one(element.dump(item)) for item in value)

    label = f"[{length}]{element.label}"
    return Value(label, f"{size}s", size, dump, load, element.exact)


def _array_loader(element: Value, length: int, order: str) -> Callable[[bytes], tuple[Any, ...]]:
    step, load = element.size, element.load
    if not step:
        return lambda raw: ()
    if load is None:
        return struct.Struct(f"{order}{length}{element.code}").unpack
    if element.code.endswith("s"):
        return lambda raw: tuple([load(raw[at : at + step]) for at in range(0, len(raw), step)])
    unpack = struct.Struct(f"{order}{length}{element.code}").unpack
    return lambda raw: tuple(map(load, unpack(raw)))
