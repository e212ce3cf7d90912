"""What an object says of itself, read from its bytes: functions, their stack and calls, variables, types."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import msgspec

from tinybpf.compiler import frames
from tinybpf.compiler.btf_rows import rows
from tinybpf.compiler.elf import Elf, read

if TYPE_CHECKING:
    from tinybpf.compiler.object import CompiledObject

_INT, _PTR, _ARRAY, _STRUCT, _UNION, _ENUM, _TYPEDEF, _VAR, _DATASEC, _ENUM64 = (
    1,
    2,
    3,
    4,
    5,
    6,
    8,
    14,
    15,
    19,
)
_NAMED = (_STRUCT, _UNION, _ENUM, _ENUM64, _TYPEDEF)
_THROUGH = (8, 9, 10, 11, 18)
"""Typedefs, qualifiers and tags: what is behind them has the size."""

_MAP_MEMBERS = ("key", "value", "type")
MAPS = ".maps"
_DATA = (".data", ".rodata", ".bss")


class CompiledFunction(msgspec.Struct, frozen=True):
    """A program or a subprogram: its size in 8-byte instruction slots, its own stack in bytes, its calls."""

    name: str
    section: str
    instructions: int
    stack: int
    calls: tuple[str, ...] = ()


class CompiledField(msgspec.Struct, frozen=True):
    """A field of a struct; offset and size in bytes."""

    name: str
    type: str
    offset: int
    size: int


class CompiledType(msgspec.Struct, frozen=True):
    """A type that user space meets: as an event, a key, a value or a variable; its size in bytes."""

    name: str
    kind: str
    size: int
    fields: tuple[CompiledField, ...] = ()


class CompiledVariable(msgspec.Struct, frozen=True):
    """A package variable that user space can set or read, and the type and the section it has."""

    name: str
    section: str
    type: str
    size: int


def functions(elf: Elf) -> tuple[CompiledFunction, ...]:
    """All functions, programs first, in the object's order."""
    programs = {p.name: p.section for p in elf.programs()}
    found = [
        CompiledFunction(
            f.name, programs.get(f.name, ".text"), f.instructions, f.size, tuple(c for c in f.calls)
        )
        for f in frames.frames(elf)
    ]
    return tuple(sorted(found, key=lambda f: f.name not in programs))


class Types:
    """The types in an object's BTF, as far as user space meets them."""

    def __init__(self, elf: Elf) -> None:
        section = elf.section(".BTF")
        self.rows: list[tuple[int, ...]] = [()]
        self.strings = b"\0"
        if section is not None:
            self._read(section.data, elf.order)
        self.vars = {
            name: list(self._vars(row)) for row in self.rows for name in [self._section(row)] if name
        }

    def _read(self, data: bytes, order: str) -> None:
        head, at, size, text, length = struct.unpack_from(order + "5I", data, 4)
        self.strings = data[head + text : head + text + length]
        words = struct.unpack_from(f"{order}{size // 4}I", data, head + at)
        self.rows = [tuple(row) for row in rows(words)]

    def _text(self, at: int) -> str:
        return self.strings[at : self.strings.index(b"\0", at)].decode()

    @staticmethod
    def _kind(row: tuple[int, ...]) -> int:
        return row[1] >> 24 & 31 if row else 0

    def _section(self, row: tuple[int, ...]) -> str:
        return self._text(row[0]) if self._kind(row) == _DATASEC else ""

    def _vars(self, section: tuple[int, ...]) -> Iterator[tuple[str, int, int]]:
        """Name, type and size of each variable of a section."""
        for n in range(3, len(section), 3):
            var = self.rows[section[n]]
            yield self._text(var[0]), var[2], section[n + 2]

    def _members(self, row: tuple[int, ...]) -> Iterator[tuple[str, int, int]]:
        """Name, type and offset in bytes of each member; a bit field counts by the byte it begins in."""
        for n in range(3, len(row), 3):
            offset = row[n + 2] & 0xFFFFFF if row[1] >> 31 else row[n + 2]
            yield self._text(row[n]), row[n + 1], offset // 8

    def name(self, index: int) -> str:
        """A type in short: ``Event``, ``uint32``, ``unsigned char[4]``, ``*Event``."""
        row = self.rows[index]
        kind = self._kind(row)
        if kind == _ARRAY:
            inner, dims = index, ""
            while self._kind(self.rows[inner]) == _ARRAY:
                dims += f"[{self.rows[inner][5]}]"
                inner = self.rows[inner][3]
            return f"{self.name(inner)}{dims}"
        if kind == _PTR:
            return f"*{self.name(row[2])}" if row[2] else "*void"
        if not row:
            return "void"
        return self._text(row[0]) or {_STRUCT: "struct", _UNION: "union"}.get(kind, "?")

    def size(self, index: int) -> int:
        row = self.rows[index]
        kind = self._kind(row)
        if kind == _ARRAY:
            return row[5] * self.size(row[3])
        if kind == _PTR:
            return 8
        if kind in _THROUGH:
            return self.size(row[2])
        return row[2] if row else 0

    def maps(self) -> dict[str, dict[str, str]]:
        """By map what its definition says of types: ``key``, ``value`` and ``event``."""
        found = {}
        for name, index, _ in self.vars.get(MAPS, ()):
            members = {m: self.rows[t][2] for m, t, _ in self._members(self.rows[index]) if m in _MAP_MEMBERS}
            event = self.rows[members.get("type", 0)]
            named = {m: self.name(t) for m, t in members.items() if m != "type"}
            if self._kind(event) == _ARRAY and self._kind(self.rows[event[3]]) in _NAMED:
                named["event"] = self.name(event[3])
            found[name] = named
        return found

    def variables(self) -> tuple[CompiledVariable, ...]:
        return tuple(
            CompiledVariable(name, section, self.name(index), size or self.size(index))
            for section in sorted(self.vars)
            if section.startswith(_DATA)
            for name, index, size in self.vars[section]
        )

    def visible(self) -> tuple[CompiledType, ...]:
        """The named types of events, keys, values and variables, and those inside them, by name."""
        roots = [
            self.rows[t][2]
            for _, index, _ in self.vars.get(MAPS, ())
            for m, t, _ in self._members(self.rows[index])
            if m in _MAP_MEMBERS
        ]
        roots += [t for s in self.vars if s.startswith(_DATA) for _, t, _ in self.vars[s]]
        seen: set[int] = set()
        found: dict[str, CompiledType] = {}
        while roots:
            index = roots.pop()
            if index in seen:
                continue
            seen.add(index)
            row = self.rows[index]
            kind = self._kind(row)
            if kind in (_STRUCT, _UNION):
                members = tuple(self._members(row))
                roots += [t for _, t, _ in members]
                fields = tuple(CompiledField(n, self.name(t), at, self.size(t)) for n, t, at in members)
                word = "struct" if kind == _STRUCT else "union"
                self._add(found, row, CompiledType(self.name(index), word, row[2], fields))
            elif kind in (_ENUM, _ENUM64):
                self._add(found, row, CompiledType(self.name(index), "enum", row[2]))
            elif kind == _ARRAY:
                roots.append(row[3])
            elif kind in _THROUGH:
                roots.append(row[2])
        return tuple(found[name] for name in sorted(found))

    @staticmethod
    def _add(found: dict[str, CompiledType], row: tuple[int, ...], made: CompiledType) -> None:
        if row[0]:
            found.setdefault(made.name, made)


def describe(compiled: CompiledObject) -> dict[str, Any]:
    """What is in an object, as plain data for JSON; sizes in bytes, times in seconds."""
    types = Types(read(compiled.elf))
    of_maps = types.maps()
    return {
        "name": compiled.name,
        "size": len(compiled.elf),
        "byte_order": compiled.byte_order,
        "license": compiled.license,
        "programs": [msgspec.to_builtins(p) for p in compiled.programs],
        "functions": [msgspec.to_builtins(f) for f in compiled.functions],
        "maps": [{**msgspec.to_builtins(m), "types": of_maps.get(m.name, {})} for m in compiled.maps],
        "variables": [msgspec.to_builtins(v) for v in types.variables()],
        "types": [msgspec.to_builtins(t) for t in types.visible()],
        "stages": dict(compiled.stages),
    }
