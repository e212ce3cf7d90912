"""Sections, symbols and relocations of an object that was validated before."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

from tinybpf.libbpf.btf_ext import section_table

_SYMBOLS, _NOBITS, _RELOCATIONS = 2, 8, 9
_EXECUTABLE = 4
FUNCTION, SECTION = 2, 3


@dataclass(frozen=True)
class Section:
    """``size`` is that in memory; ``content`` is empty for a section that takes no room in the file."""

    name: str
    type: int
    flags: int
    size: int
    link: int
    info: int
    content: memoryview = field(repr=False)

    @property
    def is_code(self) -> bool:
        return bool(self.flags & _EXECUTABLE) and self.size > 0


@dataclass(frozen=True)
class Symbol:
    """``section`` is an index, 0 for what the object does not define; ``value`` the offset in it."""

    name: str
    type: int
    section: int
    value: int
    size: int


@dataclass(frozen=True)
class Elf:
    order: str
    sections: tuple[Section, ...]
    symbols: tuple[Symbol, ...]

    def functions(self, section: int) -> list[Symbol]:
        """The functions of a section, in their order."""
        found = [s for s in self.symbols if s.section == section and s.type == FUNCTION]
        return sorted(found, key=lambda symbol: symbol.value)

    def relocations(self, section: int) -> dict[int, Symbol]:
        """What the instructions of a section refer to, by their offsets in bytes."""
        found = {}
        for table in self.sections:
            if table.type == _RELOCATIONS and table.info == section:
                for offset, info in struct.iter_unpack(self.order + "QQ", table.content):
                    if info >> 32 < len(self.symbols):
                        found[offset] = self.symbols[info >> 32]
        return found


def read(data: bytes | bytearray | memoryview) -> Elf:
    """Read a 64-bit object that libbpf has opened already."""
    view = memoryview(data).cast("B")
    order = "<" if view[5] == 1 else ">"
    at, step, count, names_index = section_table(view, order)
    rows = [struct.unpack_from(order + "IIQQQQIIQQ", view, at + step * index) for index in range(count)]

    def content(row: tuple[int, ...]) -> memoryview:
        return view[:0] if row[1] == _NOBITS else view[row[4] : row[4] + row[5]]

    names = bytes(content(rows[names_index]))
    sections = tuple(
        Section(_text(names, row[0]), row[1], row[2], row[5], row[6], row[7], content(row)) for row in rows
    )
    symbols: tuple[Symbol, ...] = ()
    table = next((section for section in sections if section.type == _SYMBOLS), None)
    if table is not None:
        strings = bytes(sections[table.link].content)
        symbols = tuple(
            Symbol(_text(strings, name), info & 15, section, value, size)
            for name, info, _, section, value, size in struct.iter_unpack(order + "IBBHQQ", table.content)
        )
    return Elf(order, sections, symbols)


def _text(strings: bytes, at: int) -> str:
    return strings[at : strings.index(b"\0", at)].decode("utf-8", "backslashreplace")
