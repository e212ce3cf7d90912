"""What there is to attach to in a program or library on disk: functions and USDT probes.

A small reader of ELF: only the symbol tables and the notes of systemtap's ``sys/sdt.h``.
"""

from __future__ import annotations

import mmap
import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

SYMTAB, NOTE, NOBITS, DYNSYM = 2, 7, 8, 11  # SHT_*
LOAD = 1  # PT_LOAD
FUNCTIONS = (2, 10)  # STT_FUNC, STT_GNU_IFUNC
STAPSDT = 3  # the type of a USDT probe's note
SHADOW = ".stapsdt.base"


class Section(NamedTuple):
    name: bytes
    type: int
    address: int
    offset: int
    size: int
    link: int


class Probe(NamedTuple):
    """A place of a USDT probe: file offsets in bytes of the instruction and of the counter that switches it
    on (0: none), and the arguments as the compiler described them."""

    provider: str
    name: str
    offset: int
    semaphore: int
    arguments: str


class Binary:
    """An ELF file of this machine's byte order; `ValueError` where it is none, or damaged."""

    def __init__(self, data: Any) -> None:
        self._data = data
        if len(data) < 64 or data[:4] != b"\x7fELF" or data[4] not in (1, 2):
            raise ValueError("it is no ELF file")
        self._wide = data[4] == 2
        self._order = "<" if data[5] == 1 else ">"
        try:
            self._read_headers()
        except struct.error:
            raise ValueError("it is a damaged ELF file") from None

    def _unpack(self, form: str, offset: int) -> tuple[int, ...]:
        return struct.unpack_from(self._order + form, self._data, offset)

    def _read_headers(self) -> None:
        if self._wide:
            programs, sections = self._unpack("QQ", 32)
            program_size, program_count, section_size, count, names = self._unpack("5H", 54)
        else:
            programs, sections = self._unpack("II", 28)
            program_size, program_count, section_size, count, names = self._unpack("5H", 42)
        segments = [self._segment(programs + i * program_size) for i in range(program_count)]
        self._loaded = [segment[1:] for segment in segments if segment[0] == LOAD]
        raw = [self._section(sections + i * section_size) for i in range(count)] if sections else []
        texts = raw[names].offset if names < len(raw) else 0
        self._sections = [
            found._replace(name=self._string(texts + int.from_bytes(found.name, "big"))) for found in raw
        ]

    def _segment(self, at: int) -> tuple[int, int, int, int]:
        """Type, file offset, address and size in the file."""
        if self._wide:
            kind, _, offset, address, _, size = self._unpack("IIQQQQ", at)
        else:
            kind, offset, address, _, size = self._unpack("IIIII", at)
        return kind, offset, address, size

    def _section(self, at: int) -> Section:
        name, kind, _, address, offset, size, link = self._unpack("IIQQQQI" if self._wide else "7I", at)
        return Section(name.to_bytes(4, "big"), kind, address, offset, size, link)

    def _string(self, at: int) -> bytes:
        end = self._data.find(b"\0", at)
        return bytes(self._data[at:end]) if end >= 0 else b""

    def file_offset(self, address: int) -> int | None:
        """Where in the file it is what has this address when it is loaded."""
        for offset, start, size in self._loaded:
            if start <= address < start + size:
                return int(address - start + offset)
        return None

    def functions(self) -> dict[str, int]:
        """Functions by name, with their offsets in the file in bytes."""
        found: dict[str, int] = {}
        form = struct.Struct(self._order + ("IBBHQQ" if self._wide else "IIIBBH"))
        for section in self._sections:
            if section.type not in (SYMTAB, DYNSYM) or section.link >= len(self._sections):
                continue
            texts = self._sections[section.link].offset
            table = bytes(self._data[section.offset : section.offset + section.size])
            for fields in form.iter_unpack(table[: len(table) // form.size * form.size]):
                info, index, value = (
                    (fields[1], fields[3], fields[4]) if self._wide else (fields[3], fields[5], fields[1])
                )
                if info & 15 in FUNCTIONS and index and value:
                    offset = self.file_offset(value)
                    if offset is not None:
                        found.setdefault(self._string(texts + fields[0]).decode("utf-8", "replace"), offset)
        found.pop("", None)
        return found

    def probes(self) -> list[Probe]:
        """The USDT probes, one for each place."""
        base = next((s.address for s in self._sections if s.name == SHADOW.encode()), 0)
        found = []
        for section in self._sections:
            if section.type == NOTE and section.name == b".note.stapsdt":
                found += list(self._notes(section, base))
        return found

    def _notes(self, section: Section, base: int) -> Iterator[Probe]:
        at, end = section.offset, section.offset + section.size
        try:
            while at + 12 <= end:
                name_size, size, kind = self._unpack("3I", at)
                body = at + 12 + (name_size + 3 & ~3)
                if kind == STAPSDT and bytes(self._data[at + 12 : at + 20]) == b"stapsdt\0":
                    probe = self._probe(body, size, base)
                    if probe is not None:
                        yield probe
                at = body + (size + 3 & ~3)
        except struct.error:
            raise ValueError("its note of USDT probes is damaged") from None

    def _probe(self, at: int, size: int, base: int) -> Probe | None:
        form = "QQQ" if self._wide else "III"
        location, known_base, semaphore = self._unpack(form, at)
        start = at + struct.calcsize(self._order + form)
        provider, name, arguments = [*bytes(self._data[start : at + size]).split(b"\0"), b"", b"", b""][:3]
        moved = base - known_base if base else 0  # prelink moves code, not what notes say
        offset = self.file_offset(location + moved)
        if offset is None:
            return None
        counter = self.file_offset(semaphore + moved) if semaphore else 0
        texts = [text.decode("utf-8", "replace") for text in (provider, name, arguments)]
        return Probe(texts[0], texts[1], offset, counter or 0, texts[2])


@contextmanager
def opened(path: str) -> Iterator[Binary]:
    """The file as a `Binary`; `OSError` or `ValueError` where it cannot be read as one."""
    with open(path, "rb") as file:
        if os.fstat(file.fileno()).st_size == 0:
            raise ValueError("it is no ELF file")
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            yield Binary(data)


def find(name: str) -> str | None:
    """The path of a library (``libc.so.6``) or command (``bash``) by its name; a path is left as it is."""
    if "/" in name:
        return name
    for directory in _directories(name):
        path = os.path.join(directory, name)
        if os.path.isfile(path):
            return path
    return None


def _directories(name: str) -> list[str]:
    if ".so" not in name:
        return [*os.environ.get("PATH", "").split(":"), "/usr/bin", "/usr/sbin", "/bin", "/sbin"]
    machine = os.uname().machine
    places = [f"/lib/{machine}-linux-gnu", "/lib64", "/lib"]
    own = os.environ.get("LD_LIBRARY_PATH", "").split(":")
    return [place for place in [*own, *places, *(f"/usr{place}" for place in places)] if place]


def near_functions(path: str, name: str) -> str:
    """What may have been meant, as the end of a message."""
    from difflib import get_close_matches

    try:
        with opened(path) as binary:
            close = get_close_matches(name, binary.functions(), 3)
    except (OSError, ValueError):
        return ""
    return f"; did you mean {' or '.join(close)}?" if close else ""
