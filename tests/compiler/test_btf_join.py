"""BTF of two objects as one: what is the same is there once, and what refers to itself is compared, too."""

from __future__ import annotations

import struct

import pytest

from tinybpf.compiler import btf_join, btf_rows
from tinybpf.libbpf.btf import Btf

INT, PTR, STRUCT, VAR, DATASEC = 1, 2, 4, 14, 15

Type = tuple[int, str, int, list[tuple[str | int, ...]]]
"""Kind, name, size or type, and what follows: words, of which strings are names."""

NUMBER: Type = (INT, "int", 4, [(32,)])


def section(order: str, types: list[Type]) -> bytes:
    text, words = bytearray(1), []

    def word(value: str | int) -> int:
        if isinstance(value, int):
            return value
        if not value:
            return 0
        text.extend(value.encode() + b"\0")
        return len(text) - len(value) - 1

    for kind, name, third, more in types:
        words += [word(name), kind << 24 | (len(more) if kind in (STRUCT, DATASEC) else 0), third]
        words += [word(value) for row in more for value in row]
    packed = struct.pack(f"{order}{len(words)}I", *words)
    head = struct.pack(order + "HBB5I", 0xEB9F, 1, 0, 24, 0, len(packed), len(packed), len(text))
    return head + packed + bytes(text)


def joined(first: list[Type], second: list[Type], order: str = "<") -> tuple[Btf, list[int]]:
    btf = btf_join.Btf(section(order, first), order)
    ids = btf.add(btf_rows.read(section(order, second), order))
    return Btf(btf.data()), ids


def node(name: str, to: int, size: int = 8) -> Type:
    return (STRUCT, name, size, [("next", to, 0)])


def pointer(to: int) -> Type:
    return (PTR, "", to, [])


@pytest.mark.parametrize("order", ["<", ">"])
def test_what_both_have(order: str) -> None:
    pair: Type = (STRUCT, "pair", 8, [("a", 1, 0), ("b", 1, 32)])
    other: Type = (STRUCT, "pair", 8, [("a", 2, 0), ("c", 2, 32)])
    btf, ids = joined([NUMBER, pair], [(INT, "char", 1, [(8,)]), NUMBER, other, pointer(3)], order)
    assert ids == [0, 3, 1, 4, 5]
    assert [btf.record(n).name for n in range(1, len(btf))] == ["int", "pair", "char", "pair", ""]
    assert [(m.name, m.type_id) for m in btf.members(btf.record(4))] == [("a", 1), ("c", 1)]
    assert btf.record(5).ref == 4


def test_circles() -> None:
    """Lists of the same shape are one type; those that differ somewhere are not."""
    here = [node("list", 2), pointer(1), NUMBER]
    there = [NUMBER, pointer(3), node("list", 2), node("list", 5), pointer(6), node("tail", 5)]
    btf, ids = joined(here, there)
    assert ids == [0, 3, 2, 1, 4, 5, 6]
    assert [btf.record(n).name for n in range(1, len(btf))] == ["list", "", "int", "list", "", "tail"]
    assert btf.members(btf.record(4))[0].type_id == 5
    _, ids = joined(here, [node("list", 2), pointer(3), node("list", 4), pointer(1)])
    assert ids == [0, 1, 2, 1, 2]  # two turns of the same circle


def test_variables_of_a_section() -> None:
    def variables(*names: str) -> list[Type]:
        made: list[Type] = [(VAR, name, 1, [(1,)]) for name in names]
        return [NUMBER, *made, (DATASEC, ".bss", 0, [(n, 0, 4) for n in range(2, 2 + len(names))])]

    btf, ids = joined(variables("a", "b"), [*variables("b", "c"), (DATASEC, "new", 0, [(3, 0, 4)])])
    assert ids == [0, 1, 3, 5, 0, 0]
    assert [v.name for v in btf.section_vars(".bss")] == ["a", "b", "c"]
    assert [v.name for v in btf.section_vars("new")] == ["c"]


def test_where_offsets_stand() -> None:
    types = [
        NUMBER,
        (VAR, "a", 1, [(1,)]),
        (VAR, "b", 1, [(1,)]),
        (DATASEC, ".bss", 0, [(2, 7, 4), (3, 9, 4)]),
    ]
    btf = btf_join.Btf(section("<", types), "<")
    data = btf.data()
    assert [(struct.unpack_from("<I", data, at)[0], name) for at, name in btf.variables()] == [
        (7, "a"),
        (9, "b"),
    ]
