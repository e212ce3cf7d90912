"""Which values the verifier knows exactly."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tinybpf.compiler import ssa
from tinybpf.compiler.lower.exact import Exact
from tinybpf.compiler.lower.pointsto import PointsTo
from tinybpf.compiler.lower.walk import instructions

PARTS = """
var array [64]byte
var other int
var got byte

func at(s []byte, i int) byte { return s[i] }

func twice(s []byte, i int) byte { return at(s, i*2) }

func half(n int) int { return n >> 1 }
"""


def reached(doc: ssa.Document, root: int) -> list[int]:
    """The functions that a function leads to, and itself."""
    found = [root]
    for f in found:
        fn = doc.functions[f]
        found += {v.index for v in fn.values if isinstance(v, ssa.FuncRef)} - set(found)
    return found


def is_exact(package: Callable[[str], Any], body: str, function: str = "f") -> bool:
    """Whether slice and index are exact where an element is first taken from a slice in ``function``."""
    given = package(f"{PARTS}\nfunc f(n int) {{\n{body}\n}}\n")
    root = given.function("f")
    order = reached(given.doc, root)
    points = PointsTo(given.doc, given.types, order, set())
    index = given.function(function)
    fn = given.doc.functions[index]
    uses = points.uses[index]
    element = next(
        i
        for i in instructions(fn)
        if isinstance(i, ssa.IndexAddr) and given.types.is_slice(uses.type_of[i.x])
    )
    asked = Exact(points, order, {root})
    return asked.value(index, element.x) and asked.value(index, element.index)


@pytest.mark.parametrize(
    ("body", "function"),
    [
        ("s := array[:]\n got = s[3]", "f"),
        ("s := array[4:20]\n for i := range s { got += s[i] }", "f"),
        ("s := array[:]\n for i := 0; i < 8; i++ { got += s[i*4+3] }", "f"),
        ("s := array[:]\n for i := range s { t := s[i:]\n got += t[0] }", "f"),
        ("s := array[:]\n for i := 60; i >= 0; i -= 4 { got += s[i^1] }", "f"),
        ("s := array[:]\n for i := 0; i < 8; i++ { if n == 3 { continue }; got += s[half(i)] }", "f"),
        ("got = at(array[:], 3)", "at"),
        ("for i := range 7 { got += at(array[:], i); got += at(array[i:], 1) }", "at"),
        ("for i := range 7 { got += twice(array[:], i) }", "at"),
    ],
)
def test_exact(package: Callable[[str], Any], body: str, function: str) -> None:
    assert is_exact(package, body, function)


@pytest.mark.parametrize(
    ("body", "function"),
    [
        ("s := array[:]\n got = s[n]", "f"),
        ("s := array[n:]\n got = s[1]", "f"),
        ("s := array[:]\n got = s[other]", "f"),
        ("s := array[:]\n for i := 0; i < n; i++ { got += s[i] }", "f"),
        ("s := array[:]\n for i := 0; i < 64; i++ { if i == n { break }; got += s[i] }", "f"),
        ("s := array[:]\n i := 0\n for i < 64 { got += s[i]\n i += n }", "f"),
        ("s := array[:]\n for i := range s { got += s[i/3] }", "f"),
        ("s := array[:]\n for i := range s { got += s[array[i]] }", "f"),
        ("s := array[:]\n i := 2\n p := &i\n *p = n\n got = s[i]", "f"),
        ("got = at(array[:], 3)\n got = at(array[:n], 3)", "at"),
        ("got = at(array[:], n)\n got = at(array[:], 3)", "at"),
        ("g := at\n _ = g\n got = at(array[:], 3)", "at"),
    ],
)
def test_not_exact(package: Callable[[str], Any], body: str, function: str) -> None:
    assert not is_exact(package, body, function)


def test_what_was_taken_for_exact_on_the_way_to_a_no(package: Callable[[str], Any]) -> None:
    """Two variables that are given each other's values: one of them is no constant, so neither is."""
    body = "s := array[:]\n i, j := 0, 1\n for range 9 { got += s[i]; i, j = j, i; if got > 7 { j = n } }"
    assert not is_exact(package, body)
