"""What is in a BPF object: sections, symbols, programs; and leaving out what nobody loads."""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping

import msgspec

from tinybpf.compiler.btf_lines import Lines
from tinybpf.compiler.btf_order import canonical

SHT_SYMTAB, SHT_STRTAB, SHT_NOBITS, SHT_REL = 2, 3, 8, 9
SHF_WRITE, SHF_ALLOC, SHF_EXECINSTR = 1, 2, 4
STT_SECTION, STT_FUNC = 3, 2
SHN_LORESERVE = 0xFF00
INSTRUCTION = 8

_HEADER = "16sHHIQQQIHHHHHH"
_SECTION = "IIQQQQIIQQ"
_SYMBOL = "IBBHQQ"
REL = "QQ"


class Section(msgspec.Struct, frozen=True):
    name: str
    type: int
    flags: int
    data: bytes
    size: int
    link: int
    info: int
    align: int
    entsize: int


class Symbol(msgspec.Struct, frozen=True):
    name: str
    info: int
    other: int
    section: int
    value: int
    size: int

    @property
    def type(self) -> int:
        return self.info & 15


class Program(msgspec.Struct, frozen=True):
    """A program: symbol, section, and its size in 8-byte instruction slots."""

    name: str
    section: str
    instructions: int


class Elf(msgspec.Struct, frozen=True):
    """A relocatable object, read whole. ``order`` is struct's sign of the byte order."""

    order: str
    header: tuple[int, ...]
    ident: bytes
    sections: tuple[Section, ...]
    symbols: tuple[Symbol, ...]

    def section(self, name: str) -> Section | None:
        return next((s for s in self.sections if s.name == name), None)

    def programs(self) -> list[Program]:
        """The functions in sections of their own: what a loader offers as programs."""
        return [
            Program(s.name, self.sections[s.section].name, s.size // INSTRUCTION)
            for s in self.symbols
            if s.type == STT_FUNC and self._is_program_section(s.section)
        ]

    def _is_program_section(self, index: int) -> bool:
        if not 0 < index < len(self.sections):
            return False
        section = self.sections[index]
        return bool(section.flags & SHF_EXECINSTR) and section.name != ".text"

    def instructions(self) -> int:
        """Instruction slots of all programs and subprograms."""
        return sum(s.size for s in self.sections if s.flags & SHF_EXECINSTR) // INSTRUCTION


def read(data: bytes) -> Elf:
    """Read an object that our own LLVM has just written (others are validated by the loader)."""
    order = "<" if data[5] == 1 else ">"
    head = struct.unpack_from(order + _HEADER, data)
    at, count, names_index = head[6], head[12], head[13]
    raw = [struct.unpack_from(order + _SECTION, data, at + i * 64) for i in range(count)]
    names = _slice(data, raw[names_index])
    sections = tuple(
        Section(_string(names, r[0]), r[1], r[2], _slice(data, r), r[5], r[6], r[7], r[8], r[9]) for r in raw
    )
    symbols: tuple[Symbol, ...] = ()
    table = next((s for s in sections if s.type == SHT_SYMTAB), None)
    if table is not None:
        strings = sections[table.link].data
        rows = struct.iter_unpack(order + _SYMBOL, table.data)
        symbols = tuple(Symbol(_string(strings, r[0]), *r[1:]) for r in rows)
    return Elf(order, head[1:], head[0], sections, symbols)


def _slice(data: bytes, raw: tuple[int, ...]) -> bytes:
    return b"" if raw[1] == SHT_NOBITS else data[raw[4] : raw[4] + raw[5]]


def _string(table: bytes, at: int) -> str:
    return table[at : table.index(b"\0", at)].decode()


def strip_debug(elf: Elf, texts: Mapping[str, str] | None = None) -> bytes:
    """The object without what is left of DWARF (``.debug_frame``): loaders read BTF.

    ``texts`` are the files' texts by path, for the lines that ``.BTF.ext`` names.
    """
    elf = msgspec.structs.replace(elf, sections=_with_lines(elf, texts or {}))
    return write(elf, lambda s: not s.name.startswith((".debug_", ".rel.debug_", ".llvm_addrsig")))


def _with_lines(elf: Elf, texts: Mapping[str, str]) -> tuple[Section, ...]:
    """The sections, BTF in an order of its own and with the lines' texts."""
    btf, ext = elf.section(".BTF"), elf.section(".BTF.ext")
    if btf is None:
        return elf.sections
    made = {".BTF": canonical(btf.data, elf.order)}
    if ext is not None and texts:
        made[".BTF"], made[".BTF.ext"] = Lines(texts, elf.order).fill(made[".BTF"], ext.data)
    return tuple(
        msgspec.structs.replace(s, data=made[s.name], size=len(made[s.name])) if s.name in made else s
        for s in elf.sections
    )


def write(elf: Elf, keep: Callable[[Section], bool]) -> bytes:
    """The object with the sections that ``keep`` names, symbols and relocations renumbered."""
    kept = [i for i, s in enumerate(elf.sections) if i == 0 or keep(s)]
    new_index = {old: new for new, old in enumerate(kept)}
    symbols = [
        (n, s)
        for n, s in enumerate(elf.symbols)
        if n == 0
        or ((s.section in new_index or s.section >= SHN_LORESERVE) and s.section != 0)
        or s.section == 0
    ]
    new_symbol = {old: new for new, (old, _) in enumerate(symbols)}
    sections = [elf.sections[i] for i in kept]
    strings = _Strings()
    out = []
    for s in sections:
        if s.type == SHT_SYMTAB:
            body = b"".join(_symbol(elf, s2, strings, new_index) for _, s2 in symbols)
            first_global = next((n for n, (_, s2) in enumerate(symbols) if s2.info >> 4), len(symbols))
            s = msgspec.structs.replace(
                s, data=body, size=len(body), info=first_global, link=new_index[s.link]
            )
        elif s.type == SHT_REL:
            body = b"".join(
                _relocation(elf, r, new_symbol) for r in struct.iter_unpack(elf.order + REL, s.data)
            )
            s = msgspec.structs.replace(s, data=body, link=new_index[s.link], info=new_index[s.info])
        elif s.link:
            s = msgspec.structs.replace(s, link=new_index.get(s.link, 0))
        out.append(s)
    symbol_strings = next((s.link for s in out if s.type == SHT_SYMTAB), 0)
    return _assemble(elf, out, symbol_strings, strings, new_index)


def _symbol(elf: Elf, s: Symbol, strings: _Strings, new_index: dict[int, int]) -> bytes:
    section = s.section if s.section >= SHN_LORESERVE else new_index[s.section]
    return struct.pack(elf.order + _SYMBOL, strings.add(s.name), s.info, s.other, section, s.value, s.size)


def _relocation(elf: Elf, raw: tuple[int, int], new_symbol: dict[int, int]) -> bytes:
    offset, info = raw
    return struct.pack(elf.order + REL, offset, new_symbol[info >> 32] << 32 | info & 0xFFFFFFFF)


class _Strings:
    """A string table in the making."""

    def __init__(self) -> None:
        self.data = bytearray(1)
        self._at = {"": 0}

    def add(self, text: str) -> int:
        if text not in self._at:
            self._at[text] = len(self.data)
            self.data += text.encode() + b"\0"
        return self._at[text]


def _assemble(
    elf: Elf, sections: list[Section], symbol_strings: int, strings: _Strings, new_index: dict[int, int]
) -> bytes:
    names_at = new_index[elf.header[12]]
    names = strings if names_at == symbol_strings else _Strings()
    offsets_of_names = [names.add(s.name) for s in sections]
    body = bytearray(64)
    headers = []
    for n, s in enumerate(sections):
        data = bytes(strings.data) if n == symbol_strings and n else s.data
        if n == names_at:
            data = bytes(names.data)
        body += bytes(-len(body) % max(s.align, 1))
        size = s.size if s.type == SHT_NOBITS else len(data)
        where = len(body) if n else 0
        headers.append(
            struct.pack(
                elf.order + _SECTION,
                offsets_of_names[n],
                s.type,
                s.flags,
                0,
                where,
                size,
                s.link,
                s.info,
                s.align,
                s.entsize,
            )
        )
        body += data
    body += bytes(-len(body) % 8)
    head = list(elf.header)
    head[5], head[11], head[12] = len(body), len(sections), names_at
    body[:64] = struct.pack(elf.order + _HEADER, elf.ident, *head)
    return bytes(body + b"".join(headers))
