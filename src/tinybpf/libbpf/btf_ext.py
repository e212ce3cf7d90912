"""Source lines and functions of a BPF object's instructions, from its ``.BTF.ext`` section.

Offsets are in bytes from the start of an ELF section, as in the object file: instruction ``n`` of a
section stands at ``8 * n``. ``read_sections`` finds the sections in the bytes of an object.
"""

from __future__ import annotations

import os
import struct
from array import array
from bisect import bisect_right
from collections.abc import Iterator

from tinybpf.errors import ObjectError, SourceLine
from tinybpf.libbpf.btf import Btf
from tinybpf.libbpf.btf_wire import MAGIC, BtfKind, to_words

INSTRUCTION_SIZE = 8
_SHT_NOBITS = 8


def read_sections(elf: bytes | bytearray | memoryview) -> dict[str, memoryview]:
    """The sections of a 64-bit ELF file by name, without a copy; of two of one name the first.

    A section that takes no room in the file (``.bss``) is empty here.
    """
    view = memoryview(elf).cast("B")
    if len(view) < 64 or bytes(view[:4]) != b"\x7fELF":
        raise ObjectError("ELF: not an ELF file")
    if view[4] != 2 or view[5] not in (1, 2):
        raise ObjectError("ELF: offset 4 says that this is no 64-bit file of a known byte order")
    order = "<" if view[5] == 1 else ">"
    table, entry_size, count, names_index = section_table(view, order)
    entry = struct.Struct(order + "IIQQQQI")

    def header(index: int) -> tuple[int, int, memoryview]:
        name, kind, _, _, offset, size, _ = entry.unpack_from(view, table + index * entry_size)
        if kind == _SHT_NOBITS:
            return name, kind, view[:0]
        if offset + size > len(view):
            raise ObjectError(f"ELF: section {index} ends at {offset + size:#x}, the file at {len(view):#x}")
        return name, kind, view[offset : offset + size]

    names = bytes(header(names_index)[2]) if count else b""
    sections: dict[str, memoryview] = {}
    for index in range(1, count):
        name, _, content = header(index)
        end = names.find(b"\0", name)
        if end < 0:
            raise ObjectError(f"ELF: section {index} has its name at {name}, outside of the names")
        sections.setdefault(names[name:end].decode("utf-8", "backslashreplace"), content)
    return sections


def section_table(view: memoryview, order: str) -> tuple[int, int, int, int]:
    """Where the section headers start, their size and number, and which section has the names."""
    (table,) = struct.unpack_from(order + "Q", view, 40)
    entry_size, count, names_index = struct.unpack_from(order + "HHH", view, 58)
    if not table:
        return 0, 64, 0, 0
    if entry_size < 64 or table + entry_size > len(view):
        raise ObjectError(f"ELF: section headers of {entry_size} bytes at {table:#x} are no headers")
    if count == 0:  # more than 65,279: the numbers are in the first header
        (count,) = struct.unpack_from(order + "Q", view, table + 32)
    if names_index == 0xFFFF:
        (names_index,) = struct.unpack_from(order + "I", view, table + 40)
    if table + entry_size * count > len(view):
        raise ObjectError(f"ELF: {count} section headers at {table:#x} go beyond the end of the file")
    if count and names_index >= count:
        raise ObjectError(f"ELF: section {names_index} would have the names, but there are {count}")
    return table, entry_size, count, names_index


class BtfExt:
    """The ``.BTF.ext`` section of an object, read with the strings and types of its ``.BTF``."""

    def __init__(self, data: bytes | bytearray | memoryview, btf: Btf, directory: str = "") -> None:
        """``directory`` is put before the files' paths."""
        self._directory = directory
        view = memoryview(data).cast("B")
        self._btf = btf
        endian = "little" if btf.byte_order == "<" else "big"
        if len(view) < 24 or int.from_bytes(view[:2], endian) != MAGIC:  # type: ignore[arg-type]
            raise ObjectError("BTF.ext: no header of 24 bytes with BTF's magic number in BTF's byte order")
        header, func_off, func_len, line_off, line_len = to_words(view[4:24], btf.byte_order)
        self._functions = self._tables(view, "func_info", header + func_off, func_len, 8)
        self._lines = self._tables(view, "line_info", header + line_off, line_len, 16)

    def source(self, section: str, offset: int) -> SourceLine | None:
        """The source line of the instruction at ``offset``; None where there is no line for it."""
        found = _at_or_before(self._lines.get(section), offset)
        if found is None:
            return None
        start = self._function_start(section, offset)
        if start is not None and found[0] < start:  # the line belongs to the function before
            return None
        return self._line(found)

    def lines(self, section: str) -> list[tuple[int, SourceLine]]:
        """All lines of a section with the offsets where they start, in order."""
        table = self._lines.get(section)
        if table is None:
            return []
        return [(record[0], self._line(record)) for record in table]

    def functions(self, section: str) -> list[tuple[int, str]]:
        """The functions of a section: where each starts, and its name."""
        table = self._functions.get(section)
        if table is None:
            return []
        return [(offset, self._function_name(type_id)) for offset, type_id in table]

    def function_start(self, section: str, name: str) -> int | None:
        """Where the function ``name`` starts in ``section``, or None."""
        return next((offset for offset, found in self.functions(section) if found == name), None)

    def locate(self, file: str, line: int, text: str) -> SourceLine | None:
        """The whole of what the kernel's log shortens: it gives the file's last part and no column."""
        for table in self._lines.values():
            for record in table:
                if record[3] >> 10 != line:
                    continue
                found = self._line(record)
                if found.path.rsplit("/", 1)[-1] == file and found.text.strip() == text.strip():
                    return found
        return None

    def _line(self, record: tuple[int, ...]) -> SourceLine:
        _, file, text, position = record
        path = self._btf.string(file)
        if self._directory:
            path = os.path.normpath(os.path.join(self._directory, path))
        return SourceLine(path, position >> 10, position & 0x3FF, self._btf.string(text))

    def _function_name(self, type_id: int) -> str:
        record = self._btf.record(type_id)
        if record.kind is not BtfKind.FUNC:
            raise ObjectError(f"BTF.ext: func_info names type {type_id}, which is no function")
        return record.name

    def _function_start(self, section: str, offset: int) -> int | None:
        found = _at_or_before(self._functions.get(section), offset)
        return found[0] if found else None

    def _tables(self, view: memoryview, what: str, start: int, length: int, least: int) -> dict[str, _Table]:
        if start + length > len(view):
            raise ObjectError(f"BTF.ext: {what} ends at {start + length:#x}, the section at {len(view):#x}")
        if length == 0:
            return {}
        if length % 4 or length < 4:
            raise ObjectError(f"BTF.ext: {what} at {start:#x} has {length} bytes: not whole words")
        words = to_words(view[start : start + length], self._btf.byte_order)
        record_size = words[0]
        if record_size < least or record_size % 4:
            raise ObjectError(f"BTF.ext: {what} at {start:#x} has records of {record_size} bytes")
        return self._read_tables(words, what, start, record_size // 4, least // 4)

    def _read_tables(
        self, words: array[int], what: str, start: int, step: int, width: int
    ) -> dict[str, _Table]:
        tables: dict[str, _Table] = {}
        at = 1
        while at < len(words):
            if at + 2 > len(words) or at + 2 + words[at + 1] * step > len(words):
                where = start + 4 * at
                raise ObjectError(f"BTF.ext: the records of {what} at {where:#x} go beyond its end")
            name, count = self._btf.string(words[at]), words[at + 1]
            end = at + 2 + count * step
            tables[name] = _Table(words, at + 2, end, step, width)
            at = end
        return tables


class _Table:
    """The records of one section: the first word of each is an offset."""

    __slots__ = ("_order", "_start", "_step", "_width", "_words", "offsets")

    def __init__(self, words: array[int], start: int, end: int, step: int, width: int) -> None:
        self._words = words
        self._start = start
        self._step = step
        self._width = width
        offsets = words[start:end:step]
        self._order = sorted(range(len(offsets)), key=offsets.__getitem__)
        self.offsets = [offsets[index] for index in self._order]

    def __iter__(self) -> Iterator[tuple[int, ...]]:
        return map(self.at, range(len(self.offsets)))

    def at(self, index: int) -> tuple[int, ...]:
        """The record that is ``index``-th by its offset."""
        start = self._start + self._order[index] * self._step
        return tuple(self._words[start : start + self._width])


def _at_or_before(table: _Table | None, offset: int) -> tuple[int, ...] | None:
    if table is None:
        return None
    index = bisect_right(table.offsets, offset) - 1
    return table.at(index) if index >= 0 else None
