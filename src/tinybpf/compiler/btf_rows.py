"""The types of BTF as rows of words: where in a row names stand, and other types."""

from __future__ import annotations

import struct

import msgspec

PTR, ARRAY, STRUCT, UNION, ENUM, FWD, PROTO, VAR, DATASEC, ENUM64 = 2, 3, 4, 5, 6, 7, 13, 14, 15, 19
_REFERS = (PTR, 8, 9, 10, 11, 12, PROTO, VAR, 17, 18)
"""Kinds whose third word is a type."""

MORE = {
    1: (1, 0), ARRAY: (3, 0), STRUCT: (0, 3), UNION: (0, 3), ENUM: (0, 2),
    PROTO: (0, 2), VAR: (1, 0), DATASEC: (0, 3), 17: (1, 0), ENUM64: (0, 3),
}  # fmt: skip
"""Words behind the three that each kind of type has: always, and for each element."""


def rows(words: tuple[int, ...]) -> list[list[int]]:
    """The words of each type; type 0, void, has none."""
    found: list[list[int]] = [[]]
    at = 0
    while at < len(words):
        info = words[at + 1]
        always, each = MORE.get(info >> 24 & 31, (0, 0))
        end = at + 3 + always + each * (info & 0xFFFF)
        found.append(list(words[at:end]))
        at = end
    return found


def kind(row: list[int]) -> int:
    return row[1] >> 24 & 31 if row else 0


def types_in(row: list[int]) -> list[int]:
    """The places of the types that a type refers to."""
    of = kind(row)
    places = [2] if of in _REFERS else []
    if of == ARRAY:
        places += [3, 4]
    elif of in (STRUCT, UNION):
        places += range(4, len(row), 3)
    elif of == PROTO:
        places += range(4, len(row), 2)
    elif of == DATASEC:
        places += range(3, len(row), 3)
    return places


def names_in(row: list[int]) -> list[int]:
    """The places of the names, as offsets into the strings."""
    of = kind(row)
    if of in (STRUCT, UNION, ENUM64):
        return [0, *range(3, len(row), 3)]
    if of in (ENUM, PROTO):
        return [0, *range(3, len(row), 2)]
    return [0] if row else []


class Table(msgspec.Struct, frozen=True):
    """A ``.BTF`` section: its types and its strings."""

    rows: list[list[int]]
    text: bytes

    def string(self, at: int) -> bytes:
        return self.text[at : self.text.index(b"\0", at)]


def read(data: bytes, order: str) -> Table:
    head, type_at, type_size, text_at, text_size = struct.unpack_from(order + "5I", data, 4)
    types = rows(struct.unpack_from(f"{order}{type_size // 4}I", data, head + type_at))
    return Table(types, data[head + text_at : head + text_at + text_size])
