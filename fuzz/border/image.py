"""Where the parts of an object are, as far as a damaged one still says so."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

SHT_SYMTAB, SHT_STRTAB, SHT_NOBITS, SHT_REL = 2, 3, 8, 9
HEADER = struct.Struct("<IIQQQQIIQQ")
SECTION_FIELDS = {
    "name": (0, 4), "type": (4, 4), "flags": (8, 8), "address": (16, 8), "offset": (24, 8),
    "size": (32, 8), "link": (40, 4), "info": (44, 4), "align": (48, 8), "entry": (56, 8),
}  # fmt: skip


@dataclass
class Section:
    name: str
    at: int  # of its header in the file
    type: int
    flags: int
    offset: int
    size: int
    info: int

    @property
    def code(self) -> bool:
        return self.type == 1 and bool(self.flags & 4)


@dataclass
class Image:
    """An object's bytes, which mutations change in place, and its sections as they were."""

    data: bytearray
    sections: list[Section] = field(default_factory=list)

    @classmethod
    def of(cls, content: bytes) -> Image:
        image = cls(bytearray(content))
        table = image.word(40, 8)
        count, names = struct.unpack_from("<HH", content, 60)
        headers = [HEADER.unpack_from(content, table + 64 * i) for i in range(count)]
        strings = headers[names][4]
        for i, header in enumerate(headers):
            end = content.index(b"\0", strings + header[0])
            name = content[strings + header[0] : end].decode("utf-8", "replace")
            image.sections.append(
                Section(name, table + 64 * i, header[1], header[2], header[4], header[5], header[7])
            )
        return image

    def word(self, at: int, size: int = 4) -> int:
        return int.from_bytes(self.data[at : at + size], "little")

    def put(self, at: int, value: int, size: int = 4) -> None:
        if at + size <= len(self.data):
            self.data[at : at + size] = (value & ((1 << 8 * size) - 1)).to_bytes(size, "little")

    def set_field(self, section: Section, name: str, value: int) -> None:
        at, size = SECTION_FIELDS[name]
        self.put(section.at + at, value, size)

    def filled(self) -> list[Section]:
        """The sections that have bytes in the file."""
        return [s for s in self.sections if s.type not in (0, SHT_NOBITS) and s.size]

    def find(self, name: str) -> Section | None:
        return next((s for s in self.filled() if s.name == name), None)

    def of_type(self, number: int) -> list[Section]:
        return [s for s in self.filled() if s.type == number]

    def replace(self, section: Section, content: bytes) -> None:
        """Give a section other bytes, at the end of the file, where there is room for any number."""
        self.data += bytes(-len(self.data) % 8)
        self.set_field(section, "offset", len(self.data))
        self.set_field(section, "size", len(content))
        section.offset, section.size = len(self.data), len(content)
        self.data += content

    def bytes_of(self, section: Section) -> bytes:
        return bytes(self.data[section.offset : section.offset + section.size])
