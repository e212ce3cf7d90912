"""BTF for types that Python describes: what `create_map` gives the kernel with a map.

A type is described by

- a name: ``"u8" … "u64"``, ``"s8" … "s64"``, ``"f32"``, ``"f64"``, ``"bool"``, ``"char"``; with ``[n]``
  behind it an array
- an int: so many bytes
- a ``ctypes`` scalar, array, structure or union (without bit fields)
- a dataclass whose fields have such types, as ``ctypes`` types or ``Annotated[int, "u32"]``; they are laid
  out as C does it
"""

from __future__ import annotations

import re
import struct
import sys
from typing import Any, NamedTuple

from tinybpf.libbpf.btf import INT_BOOL, INT_CHAR, INT_SIGNED
from tinybpf.libbpf.btf_wire import BtfKind

_SCALARS = {
    **{f"u{8 * size}": (BtfKind.INT, size, 0) for size in (1, 2, 4, 8)},
    **{f"s{8 * size}": (BtfKind.INT, size, INT_SIGNED) for size in (1, 2, 4, 8)},
    "f32": (BtfKind.FLOAT, 4, 0),
    "f64": (BtfKind.FLOAT, 8, 0),
    "bool": (BtfKind.INT, 1, INT_BOOL),
    "char": (BtfKind.INT, 1, INT_CHAR),
}
_ARRAY = re.compile(r"(\w+)\[(\d+)\]")
_CTYPES = {"f": "f32", "d": "f64", "?": "bool", "c": "char"}
_HEADER = 24


class BtfWriter:
    """Types, each written once; ``add`` gives a type's id, ``finish`` the whole.

    Without ``floats`` (kernels before 5.13 know none) such a value is a struct without members.
    """

    def __init__(self, floats: bool = True) -> None:
        self._floats = floats
        self._types = bytearray()
        self._strings = bytearray(b"\0")
        self._ids: dict[Any, int] = {}
        self._sizes: dict[int, tuple[int, int]] = {}  # bytes and alignment, by id

    def add(self, described: Any) -> int:
        """The id of a type; ``TypeError`` or ``ValueError`` where nothing is described."""
        try:
            known = self._ids.get(described)
        except TypeError:
            raise TypeError(f"{described!r} describes no type of a map") from None
        if known is None:
            known = self._ids[described] = self._make(described)
        return known

    def size(self, type_id: int) -> int:
        """Bytes of a type."""
        return self._sizes[type_id][0]

    def finish(self) -> bytes:
        """The section, as the kernel takes it."""
        types, strings = bytes(self._types), bytes(self._strings)
        header = struct.pack("=HBBIIIII", 0xEB9F, 1, 0, _HEADER, 0, len(types), len(types), len(strings))
        return header + types + strings

    def _make(self, described: Any) -> int:
        if isinstance(described, bool):
            raise TypeError(f"{described!r} describes no type of a map")
        if isinstance(described, int):
            if described < 1:
                raise ValueError(f"a type has at least one byte, not {described}")
            return self._array(self.add("u8"), described)
        if isinstance(described, str):
            return self._named(described)
        if hasattr(described, "__dataclass_fields__") and isinstance(described, type):
            return self._dataclass(described)
        if hasattr(described, "from_buffer_copy"):
            return self._ctypes(described)
        usable = "a name ('u32', 'char[16]'), a number of bytes, a ctypes type, or a dataclass of these"
        raise TypeError(f"{described!r} describes no type of a map: use {usable}")

    def _named(self, name: str) -> int:
        found = _ARRAY.fullmatch(name)
        if found:
            return self._array(self.add(found[1]), int(found[2]))
        if name not in _SCALARS:
            raise ValueError(f"there is no type '{name}'; there is: {', '.join(_SCALARS)}, and NAME[n]")
        kind, size, encoding = _SCALARS[name]
        if kind is BtfKind.FLOAT and not self._floats:
            return self._type(BtfKind.STRUCT, name, size, shape=(size, size))
        rest = () if kind is BtfKind.FLOAT else (encoding << 24 | 8 * size,)
        return self._type(kind, name, size, *rest, shape=(size, size))

    def _array(self, element: int, length: int) -> int:
        size, alignment = self._sizes[element]
        return self._type(
            BtfKind.ARRAY, "", 0, element, self.add("u32"), length, shape=(size * length, alignment)
        )

    def _dataclass(self, cls: type) -> int:
        from dataclasses import fields
        from typing import get_type_hints

        hints = get_type_hints(cls, include_extras=True)
        members, at, most = [], 0, 1
        for field in fields(cls):
            hint = hints[field.name]
            try:
                type_id = self.add(hint.__metadata__[0] if hasattr(hint, "__metadata__") else hint)
            except (TypeError, ValueError) as error:
                raise type(error)(f"{cls.__name__}.{field.name}: {error}") from None
            size, alignment = self._sizes[type_id]
            at = -(-at // alignment) * alignment
            members.append((field.name, type_id, 8 * at))
            at, most = at + size, max(most, alignment)
        return self._composite(BtfKind.STRUCT, cls.__name__, -(-at // most) * most, most, members)

    def _ctypes(self, type_: Any) -> int:
        import ctypes

        if issubclass(type_, (ctypes.Structure, ctypes.Union)):
            return self._ctypes_structure(type_, ctypes.sizeof(type_), ctypes.alignment(type_))
        if issubclass(type_, ctypes.Array):
            return self._array(self.add(type_._type_), type_._length_)
        code, size = getattr(type_, "_type_", ""), ctypes.sizeof(type_)
        if type_.__name__.endswith("_be" if sys.byteorder == "little" else "_le"):
            raise TypeError(f"{type_.__name__} has another byte order than this machine")
        if not isinstance(code, str) or code not in "?cbBhHiIlLqQfd":
            raise TypeError(f"{type_.__name__} has no meaning outside of this process")
        if code in _CTYPES:
            return self.add(_CTYPES[code])
        return self.add(f"{'s' if code.islower() else 'u'}{8 * size}")

    def _ctypes_structure(self, type_: Any, size: int, alignment: int) -> int:
        import ctypes

        members = []
        for owner in reversed(type_.__mro__):
            for entry in owner.__dict__.get("_fields_", ()):
                if len(entry) == 3:
                    raise TypeError(f"{type_.__name__}.{entry[0]} is a bit field: give bytes instead")
                members.append((entry[0], self.add(entry[1]), 8 * getattr(type_, entry[0]).offset))
        kind = BtfKind.UNION if issubclass(type_, ctypes.Union) else BtfKind.STRUCT
        return self._composite(kind, type_.__name__, size, alignment, members)

    def _composite(
        self, kind: int, name: str, size: int, alignment: int, members: list[tuple[str, int, int]]
    ) -> int:
        words = [word for member, type_id, bits in members for word in (self._string(member), type_id, bits)]
        return self._type(kind, name, size, *words, count=len(members), shape=(size, alignment))

    def _type(
        self, kind: int, name: str, third: int, *rest: int, shape: tuple[int, int], count: int = 0
    ) -> int:
        words = (self._string(name), kind << 24 | count, third, *rest)
        self._types += struct.pack(f"={len(words)}I", *words)
        number = len(self._sizes) + 1
        self._sizes[number] = shape
        return number

    def _string(self, text: str) -> int:
        if not text:
            return 0
        at = len(self._strings)
        self._strings += text.encode() + b"\0"
        return at


class Described(NamedTuple):
    """BTF of a map's key and value: their ids and sizes in bytes; None and 0 of what it has not."""

    raw: bytes
    key: int | None
    value: int | None
    sizes: tuple[int, int]


def describe(key: Any, value: Any, floats: bool = True) -> Described:
    """BTF of a key and a value; None is for what there is not."""
    writer = BtfWriter(floats)
    ids = [None if described is None else writer.add(described) for described in (key, value)]
    sizes = [0 if number is None else writer.size(number) for number in ids]
    return Described(writer.finish(), ids[0], ids[1], (sizes[0], sizes[1]))
