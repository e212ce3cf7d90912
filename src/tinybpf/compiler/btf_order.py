"""Forward declarations in BTF, in an order of their own.

LLVM writes those that a program needs in the order of its nodes' addresses in memory, which is another
one each time. Here they are put in the order of their names, and so are these in the string table, so
that the same source gives the same bytes.
"""

from __future__ import annotations

import struct

_ARRAY, _STRUCT, _UNION, _ENUM, _FWD, _PROTO, _DATASEC, _ENUM64 = 3, 4, 5, 6, 7, 13, 15, 19
_REFERS = (2, 8, 9, 10, 11, 12, _PROTO, 14, 17, 18)
"""Kinds whose third word is a type."""

MORE = {
    1: (1, 0), _ARRAY: (3, 0), _STRUCT: (0, 3), _UNION: (0, 3), _ENUM: (0, 2),
    _PROTO: (0, 2), 14: (1, 0), _DATASEC: (0, 3), 17: (1, 0), _ENUM64: (0, 3),
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


def canonical(data: bytes, order: str) -> bytes:
    """A ``.BTF`` section with its forward declarations by name; as it is where there is one at most."""
    head, type_at, type_size, text_at, text_size = struct.unpack_from(order + "5I", data, 4)
    types = rows(struct.unpack_from(f"{order}{type_size // 4}I", data, head + type_at))
    text = data[head + text_at : head + text_at + text_size]
    ids = [n for n, row in enumerate(types) if row and row[1] >> 24 & 31 == _FWD]
    if len(ids) < 2:
        return data

    def name(row: list[int]) -> bytes:
        return text[row[0] : text.index(b"\0", row[0])]

    by_name = sorted((types[n] for n in ids), key=lambda row: (name(row), row[1]))
    new_id = {n: ids[by_name.index(types[n])] for n in ids}
    text, moved = _by_name(text, [name(row) for row in by_name], {row[0] for row in by_name})
    for n, row in zip(ids, by_name, strict=True):
        types[n] = [moved.get(row[0], row[0]), *row[1:]]
    for row in types:
        _refer(row, new_id)
    flat = [word for row in types for word in row]
    packed = struct.pack(f"{order}{len(flat)}I", *flat)
    out = bytearray(data)
    out[head + type_at : head + type_at + type_size] = packed
    out[head + text_at : head + text_at + text_size] = text
    return bytes(out)


def _by_name(text: bytes, names: list[bytes], offsets: set[int]) -> tuple[bytes, dict[int, int]]:
    """The strings with the run of names at its end in order, and the new offset of each.

    A name that something before had, too, is not in that run, and stays.
    """
    start, run = len(text), {}
    ends = {at + text[at:].index(b"\0") + 1: at for at in offsets}
    while start in ends:
        at = ends[start]
        run[text[at : start - 1]] = at
        start = at
    moved, at = {}, start
    made = bytearray(text[:start])
    for name in dict.fromkeys(names):
        if name in run:
            moved[run[name]] = at
            made += name + b"\0"
            at = len(made)
    return bytes(made), moved


def _refer(row: list[int], new_id: dict[int, int]) -> None:
    """Let a type refer to others by their new numbers."""
    kind = row[1] >> 24 & 31 if row else 0
    if kind in _REFERS:
        places = [2]
    elif kind == _ARRAY:
        places = [3, 4]
    else:
        places = []
    if kind in (_STRUCT, _UNION):
        places += range(4, len(row), 3)
    elif kind == _PROTO:
        places += range(4, len(row), 2)
    elif kind == _DATASEC:
        places += range(3, len(row), 3)
    for place in places:
        row[place] = new_id.get(row[place], row[place])
