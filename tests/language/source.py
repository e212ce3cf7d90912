"""Reading a case file: Go source whose exported functions are the cases.

A case takes and gives integers and bools only. Lines ``//in:NAME VALUE|FIRST..LAST ...`` above a
function limit the inputs of one parameter; without one a parameter takes the edge values of its type.
A case file may declare ``var Effects uint64``: the harness sets it to 0 before each call and compares
what is in it afterwards, after a panic too.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

TYPES = {
    "bool": 1, "int8": 8, "int16": 16, "int32": 32, "int64": 64, "int": 64,
    "uint8": 8, "uint16": 16, "uint32": 32, "uint64": 64, "uint": 64, "uintptr": 64, "byte": 8, "rune": 32,
}  # fmt: skip
"""The types that cross the boundary, with their widths in bits."""

_FUNCTION = re.compile(r"^func ([A-Z]\w*)\(([^()]*)\)\s*(\([^()]*\)|\w+)?\s*\{", re.M)
_IN = re.compile(r"^//in:(\w+) (.+)$")


@dataclass(frozen=True)
class Case:
    """A function to run: its parameters and results as types, inputs that its source gives by parameter."""

    file: str
    name: str
    params: tuple[str, ...]
    results: tuple[str, ...]
    line: int
    given: dict[int, tuple[int, ...]] = field(default_factory=dict, hash=False)


@dataclass(frozen=True)
class CaseFile:
    """A Go file and its cases."""

    stem: str
    text: str
    cases: tuple[Case, ...]

    @property
    def has_effects(self) -> bool:
        return re.search(r"^var Effects uint64", self.text, re.M) is not None

    def without_inlining(self) -> str:
        """The text with ``//go:noinline`` above each function."""
        return re.sub(r"^(?=func )", "//go:noinline\n", self.text, flags=re.M)


def read(path: Path) -> CaseFile:
    return parse(path.stem, path.read_text())


def parse(stem: str, text: str) -> CaseFile:
    """The cases of a file's text; a function that cannot be a case must not have an exported name."""
    cases = []
    for m in _FUNCTION.finditer(text):
        names, params = _parameters(m[2])
        results = _results(m[3] or "")
        wrong = [t for t in (*params, *results) if t not in TYPES]
        if wrong or not results:
            raise ValueError(f"{stem}.go: {m[1]} is exported but has {wrong or 'no result'}")
        line = text.count("\n", 0, m.start()) + 1
        cases.append(Case(stem, m[1], params, results, line, _given(text, m.start(), names)))
    return CaseFile(stem, text, tuple(cases))


def _parameters(text: str) -> tuple[list[str], tuple[str, ...]]:
    """Names and types of ``a, b int8, c bool``."""
    names: list[str] = []
    types: list[str] = []
    for part in filter(None, (p.strip() for p in text.split(","))):
        name, _, t = part.partition(" ")
        names.append(name)
        if t:
            types += [t.strip()] * (len(names) - len(types))
    if len(names) != len(types):
        raise ValueError(f"parameters without names: {text}")
    return names, tuple(types)


def _results(text: str) -> tuple[str, ...]:
    """Types of ``int8``, ``(int8, bool)`` or ``(a, b int8, ok bool)``."""
    text = text.strip("() ")
    if " " in text.replace(", ", ","):
        return _parameters(text)[1]
    return tuple(p.strip() for p in text.split(",") if p.strip())


def _given(text: str, start: int, names: list[str]) -> dict[int, tuple[int, ...]]:
    found = {}
    for line in reversed(text[:start].rstrip("\n").split("\n")):
        if not line.startswith("//"):
            break
        m = _IN.match(line)
        if m:
            found[names.index(m[1])] = tuple(v for word in m[2].split() for v in _values(word))
    return found


def _values(word: str) -> range | tuple[int]:
    first, dots, last = word.partition("..")
    return range(int(first, 0), int(last, 0) + 1) if dots else (int(first, 0),)
