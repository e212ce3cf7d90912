"""Forward declarations in BTF, in an order of their own.

LLVM writes those that a program needs in the order of its nodes' addresses in memory, which is another
one each time. Here they are put in the order of their names, and so are these in the string table, so
that the same source gives the same bytes.
"""

from __future__ import annotations

import struct

from tinybpf.compiler.btf_rows import FWD, kind, read, types_in


def canonical(data: bytes, order: str) -> bytes:
    """A ``.BTF`` section with its forward declarations by name; as it is where there is one at most."""
    head, type_at, type_size, text_at, text_size = struct.unpack_from(order + "5I", data, 4)
    table = read(data, order)
    types, text = table.rows, table.text
    ids = [n for n, row in enumerate(types) if kind(row) == FWD]
    if len(ids) < 2:
        return data
    by_name = sorted((types[n] for n in ids), key=lambda row: (table.string(row[0]), row[1]))
    new_id = {n: ids[by_name.index(types[n])] for n in ids}
    text, moved = _by_name(text, [table.string(row[0]) for row in by_name], {row[0] for row in by_name})
    for n, row in zip(ids, by_name, strict=True):
        types[n] = [moved.get(row[0], row[0]), *row[1:]]
    for row in types:
        for place in types_in(row):
            row[place] = new_id.get(row[place], row[place])
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
