"""Which indices need no check."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tinybpf.compiler import ssa
from tinybpf.compiler.lower.bounds import Bounds
from tinybpf.compiler.lower.pointsto import PointsTo
from tinybpf.compiler.lower.walk import instructions


def bound(package: Callable[[str], Any], body: str, parameters: str = "n int") -> int | None:
    """What is known of the index of the first element that is taken from ``table``."""
    given = package(f"var table [300]int\n\nvar bytes [8]uint8\n\nfunc f({parameters}) {{\n{body}\n}}\n")
    index = given.function("f")
    points = PointsTo(given.doc, given.types, [index], set())
    table = given.global_("table")
    fn = given.doc.functions[index]
    element = next(
        i
        for i in instructions(fn)
        if isinstance(i, ssa.IndexAddr)
        and i.x < len(fn.values)
        and isinstance(of := fn.values[i.x], ssa.GlobalRef)
        and of.index == table
    )
    return Bounds(points, index).below(element.index)


@pytest.mark.parametrize(
    ("body", "below"),
    [
        ("for i := range table { table[i] = 1 }", 300),
        ("for i := range 7 { table[i] = 1 }", 7),
        ("for i, v := range bytes { table[i] = int(v) }", 8),
        ("for i, v := range &bytes { _ = i; table[v] = 1 }", 256),
        ("for i := 2; i < 9; i++ { table[i] = 1 }", 9),
        ("for i := uint8(0); i < 250; i += 10 { table[i] = 1 }", 241),
        ("for i := 0; i < 9; i++ { if n == i { continue }; table[i] = 1 }", 9),
        ("for i := 0; i < 9; i++ { if n == 3 { table[i] = 1; break } }", 9),
        ("for i := 0; i < 9; i++ { for j := 0; j < 5; j++ { table[j] = i } }", 5),
        ("for i := 0; i < 9; i++ { k := uint32(i); table[k] = 1 }", 9),
        ("for i := 0; i < 9; i += 4 { table[i] = 1 }", 9),
        ("for i := 0; i < 8; i += 2 { table[i+1] = 1 }", 8),
        ("for i := 1; i < 8; i += 3 { table[i] = 1 }", 8),
        ("for i := range 7 { table[i*4+3] = 1 }", 28),
        ("for i, v := range &bytes { _ = i; table[uint16(v)+40] = 1 }", 296),
        ("i := 0; for ; i < 9; i++ { }; table[i] = 1", 10),
        ("i := 0; for i < 9 { i++; table[i] = 1 }", 10),
        ("k := 4; if n > 3 { k = 6 }; table[k] = 1", 7),
        ("var k int; table[k] = 1", 1),
        ("table[bytes[n&7]] = 1", 256),
        ("b := bytes[n&7]; table[b] = 1", 256),
    ],
)
def test_what_the_source_says(package: Callable[[str], Any], body: str, below: int) -> None:
    assert bound(package, body) == below


@pytest.mark.parametrize(
    "body",
    [
        "table[n] = 1",
        "for i := 0; i < n; i++ { table[i] = 1 }",
        "for i := n; i < 9; i++ { table[i] = 1 }",
        "for i := -2; i < 9; i++ { table[i] = 1 }",
        "for i := 0; i < 9; i++ { if n == 2 { i += n }; table[i] = 1 }",
        "for i := 0; i < 9; i++ { i++; table[i] = 1 }",
        "for i := 0; i != 9; i++ { table[i] = 1 }",
        "for i := 9; i > 0; i-- { table[i] = 1 }",
        "for i := 0; i < 9; i++ { p := &i; *p = n; table[i] = 1 }",
        "for i := int8(0); i < 100; i += 100 { table[i] = 1 }",
        "i := 0; for { if i < 9 { break }; table[i] = 1; i++ }",
        "k := uint8(n); table[k] = 1",
        "for i, v := range &bytes { _ = i; table[v+1] = 1 }",
        "for i := range 7 { table[i-1] = 1 }",
        "for i, v := range &bytes { _ = i; table[v*2] = 1 }",
        "b := [8]uint8{}; b[n&7] = uint8(n); table[b[n&3]] = 1",
        "table[int8(bytes[n&7])] = 1",
    ],
)
def test_what_it_does_not_say(package: Callable[[str], Any], body: str) -> None:
    assert bound(package, body) is None


def test_several_ways_into_the_body(package: Callable[[str], Any]) -> None:
    body = """
    i := 0
    if n > 3 {
        i = 400
        goto body
    }
loop:
    if i < 9 {
        goto body
    }
    return
body:
    table[i] = 1
    i++
    goto loop
"""
    assert bound(package, body) is None
