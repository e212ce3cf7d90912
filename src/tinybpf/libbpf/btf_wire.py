"""How a ``.BTF`` section is laid out: its header, its kinds of types, and where each type starts.

``split`` checks the header and gives the two parts, types and strings; ``find_types`` walks over the
types once. All that follows can rely on each type lying within the section, and on nothing else.
"""

from __future__ import annotations

import sys
from array import array
from enum import IntEnum

from tinybpf.errors import ObjectError

MAGIC = 0xEB9F


class BtfKind(IntEnum):
    """The kind of a BTF type."""

    VOID = 0
    INT = 1
    PTR = 2
    ARRAY = 3
    STRUCT = 4
    UNION = 5
    ENUM = 6
    FWD = 7
    TYPEDEF = 8
    VOLATILE = 9
    CONST = 10
    RESTRICT = 11
    FUNC = 12
    FUNC_PROTO = 13
    VAR = 14
    DATASEC = 15
    FLOAT = 16
    DECL_TAG = 17
    TYPE_TAG = 18
    ENUM64 = 19


# 32-bit words of a type of each kind: (always, for each of its `vlen` elements).
_WORDS: dict[int, tuple[int, int]] = {
    BtfKind.INT: (4, 0),
    BtfKind.PTR: (3, 0),
    BtfKind.ARRAY: (6, 0),
    BtfKind.STRUCT: (3, 3),
    BtfKind.UNION: (3, 3),
    BtfKind.ENUM: (3, 2),
    BtfKind.FWD: (3, 0),
    BtfKind.TYPEDEF: (3, 0),
    BtfKind.VOLATILE: (3, 0),
    BtfKind.CONST: (3, 0),
    BtfKind.RESTRICT: (3, 0),
    BtfKind.FUNC: (3, 0),
    BtfKind.FUNC_PROTO: (3, 2),
    BtfKind.VAR: (4, 0),
    BtfKind.DATASEC: (3, 3),
    BtfKind.FLOAT: (3, 0),
    BtfKind.DECL_TAG: (4, 0),
    BtfKind.TYPE_TAG: (3, 0),
    BtfKind.ENUM64: (3, 3),
}
_KIND_WORDS = tuple(_WORDS.get(kind, (0, 0)) for kind in range(max(_WORDS) + 1))
KINDS = tuple(BtfKind(kind) for kind in range(max(_WORDS) + 1))


def read_byte_order(view: memoryview) -> str:
    """The byte order that the magic number is written in, as `struct` names it: "<" or ">"."""
    if len(view) < 24:
        raise ObjectError(f"BTF: {len(view)} bytes are too short for its header of 24")
    for order, name in (("<", "little"), (">", "big")):
        if int.from_bytes(view[:2], name) == MAGIC:  # type: ignore[arg-type]
            return order
    raise ObjectError(f"BTF: offset 0 has {bytes(view[:2]).hex()} instead of BTF's magic number {MAGIC:#x}")


def split(view: memoryview, order: str) -> tuple[tuple[int, memoryview], bytes]:
    """The type section with its offset, and the string section, both checked against the data's end."""
    version = view[2]
    header_len, type_off, type_len, str_off, str_len = to_words(view[4:24], order)
    if version != 1:
        raise ObjectError(f"BTF: offset 2 says version {version}, only 1 is known")
    if not 24 <= header_len <= len(view):
        raise ObjectError(f"BTF: offset 4 says that the header has {header_len} bytes, of {len(view)} in all")
    for what, offset, length in (("types", type_off, type_len), ("strings", str_off, str_len)):
        if header_len + offset + length > len(view):
            end = header_len + offset + length
            raise ObjectError(f"BTF: the {what} end at offset {end:#x}, but the data at {len(view):#x}")
    if type_off % 4 or type_len % 4:
        raise ObjectError(f"BTF: offset 8 has types of {type_len} bytes from {type_off}: not whole words")
    start = header_len + type_off
    strings = bytes(view[header_len + str_off : header_len + str_off + str_len])
    if not strings or strings[0] or strings[-1]:
        at = header_len + str_off
        raise ObjectError(f"BTF: the strings at offset {at:#x} do not start and end with a NUL")
    return (start, view[start : start + type_len]), strings


def to_words(view: memoryview, order: str) -> array[int]:
    """The 32-bit words of ``view``, whose length must be a multiple of 4."""
    words = array("I")
    words.frombytes(view)
    if (order == "<") != (sys.byteorder == "little"):
        words.byteswap()
    return words


def find_types(words: array[int], base: int) -> list[int]:
    """Where each type starts, in words; entry 0 is ``void``, which stands nowhere."""
    starts, at, end, per_kind = [0], 0, len(words), _KIND_WORDS
    while at < end:
        info = words[at + 1] if at + 2 < end else 0
        kind = info >> 24 & 0x7F
        fixed, each = per_kind[kind] if kind < len(per_kind) else (0, 0)
        if not fixed:
            what = f"is of kind {kind}, which is unknown" if at + 2 < end else "is cut off"
            raise ObjectError(f"BTF: type {len(starts)} at offset {base + 4 * at:#x} {what}")
        starts.append(at)
        at += fixed + each * (info & 0xFFFFFF)
    if at > end:
        offset = base + 4 * starts[-1]
        raise ObjectError(f"BTF: type {len(starts) - 1} at offset {offset:#x} goes beyond the types' end")
    return starts
