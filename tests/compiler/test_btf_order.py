"""Forward declarations stand in the order of their names, whatever order LLVM wrote them in."""

from __future__ import annotations

import struct

import pytest

from tinybpf.compiler.btf_order import canonical
from tinybpf.libbpf.btf import Btf

INT, PTR, STRUCT, FWD = 1, 2, 4, 7


def section(order: str, forward: list[str]) -> bytes:
    """A struct of pointers to two forward declarations, which are written in the given order."""
    text = b"\0int\0pair\0first\0second\0early\0"
    names = {n: text.index(f"\0{n}\0".encode()) + 1 for n in ("int", "pair", "first", "second", "early")}
    for name in forward:
        if name not in names:
            names[name] = len(text)
            text += name.encode() + b"\0"
    ids = {name: 5 + n for n, name in enumerate(forward)}
    low, high = sorted(ids)[0], sorted(ids)[-1]
    words = [
        names["int"], INT << 24, 4, 32,
        names["pair"], STRUCT << 24 | 2, 16, names["first"], 3, 0, names["second"], 4, 64,
        0, PTR << 24, ids[low],
        0, PTR << 24, ids[high],
    ]  # fmt: skip
    for name in forward:
        words += [names[name], FWD << 24, 0]
    types = struct.pack(f"{order}{len(words)}I", *words)
    return struct.pack(order + "HBB5I", 0xEB9F, 1, 0, 24, 0, len(types), len(types), len(text)) + types + text


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(
    "names", [["alpha", "beta"], ["zeta", "longer_name", "middle"], ["zeta", "early", "alpha"]]
)
def test_order(order: str, names: list[str]) -> None:
    """Nothing but the order changes, and what was early in the strings stays there."""
    forward, backward = (canonical(section(order, n), order) for n in (names, names[::-1]))
    assert forward == backward == canonical(forward, order)
    btf = Btf(forward)
    assert [btf.record(5 + n).name for n in range(len(names))] == sorted(names)
    pointed = [btf.record(btf.record(n).ref).name for n in (3, 4)]
    assert pointed == [min(names), max(names)]


def test_one_is_left_alone() -> None:
    data = section("<", ["only"])
    assert canonical(data, "<") is data
