"""Two objects as one: the halves of a module, which LLVM emits side by side.

The first defines the variables, the second refers to them by name; counters and constants both may have. No
function is in both.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence

import msgspec

from tinybpf.compiler import btf_join, btf_rows
from tinybpf.compiler.btf_join import Unjoinable
from tinybpf.compiler.btf_order import canonical
from tinybpf.compiler.elf import (
    INSTRUCTION,
    REL,
    SHF_ALLOC,
    SHF_EXECINSTR,
    SHF_WRITE,
    SHN_LORESERVE,
    SHT_NOBITS,
    SHT_REL,
    SHT_SYMTAB,
    STT_SECTION,
    Elf,
    Section,
    Symbol,
)

STT_OBJECT, STT_FILE = 1, 4
TO_ADDRESS, READ_ONLY, WRITABLE, TO_CALL = 1, 3, 4, 10
"""Relocations: of a 64-bit load, of an offset that BTF tells (into constants, into all else), of a call."""


def join(first: Elf, second: Elf) -> Elf:
    """One object of two; ``Unjoinable`` where they have what is not expected of halves."""
    return _Join(first, second).run()


class _Section:
    """A section in the making."""

    def __init__(self, like: Section) -> None:
        self.like = like
        self.data = bytearray(like.data)
        self.size = like.size
        self.align = max(like.align, 1)
        self.relocations: list[tuple[int, _Symbol, int]] = []
        """Where, to what, of which kind."""

    def grow(self, data: bytes, size: int, align: int) -> int:
        """Where further contents stand."""
        self.align = max(self.align, align)
        at = -(-self.size // self.align) * self.align
        if self.like.type != SHT_NOBITS:
            self.data += bytes(at - self.size) + data
        self.size = at + size
        return at


class _Symbol:
    """A symbol in the making: relocations refer to it before it has a number."""

    def __init__(self, like: Symbol, section: _Section | int) -> None:
        self.like = like
        self.section = section
        self.number = 0


Moved = Callable[[bytearray, int, int, int], None]
"""Changes what a relocation adds to a section's address: in which code, where, of which section and kind."""


class _Join:
    def __init__(self, first: Elf, second: Elf) -> None:
        self.first, self.second, self.order = first, second, first.order
        self.sections = [_Section(s) for s in first.sections]
        self.by_name: dict[str, _Symbol] = {}
        self.of_section: dict[str, _Symbol] = {}
        self.symbols: list[_Symbol] = []
        for symbol in first.symbols:
            inside = 0 < symbol.section < SHN_LORESERVE
            self._add(symbol, self.sections[symbol.section] if inside else symbol.section)
        self.code: dict[int, tuple[_Section, int]] = {}
        """Of each section of code of the second object, where it stands."""
        self.variables: dict[int, list[tuple[Symbol, _Symbol]]] = {}
        """Of each other section, what is in it, and what stands for that."""
        self.made: dict[int, _Symbol] = {}
        """What stands for a variable, by the number of its symbol."""
        self.outside: list[_Symbol] = []
        """What neither object defines."""

    def run(self) -> Elf:
        self._relocate(self.first, self.sections, self.symbols, None)
        for number, section in enumerate(self.second.sections):
            if section.flags & SHF_EXECINSTR and section.size:
                found = self._find(section)
                self.code[number] = found, found.grow(section.data, section.size, INSTRUCTION)
        for number, section in enumerate(self.second.sections):
            if section.flags & SHF_ALLOC and not section.flags & SHF_EXECINSTR:
                self._take_variables(number, section)
        symbols = [self._symbol(n, s) for n, s in enumerate(self.second.symbols)]
        targets = [self.code[n][0] if n in self.code else None for n in range(len(self.second.sections))]
        self._relocate(self.second, targets, symbols, self._move)
        told = self._join_btf()
        for symbol in self.outside:
            if symbol.like.name not in told:
                raise Unjoinable(f"{symbol.like.name} is in neither object")
        return self._made()

    def _add(self, like: Symbol, section: _Section | int) -> _Symbol:
        made = _Symbol(like, section)
        self.symbols.append(made)
        if like.type == STT_SECTION and isinstance(section, _Section):
            self.of_section[section.like.name] = made
        elif like.name and like.type != STT_FILE:
            self.by_name.setdefault(like.name, made)
        return made

    def _find(self, like: Section) -> _Section:
        """The section of that name, which is made where there is none."""
        found = next((s for s in self.sections if s.like.name == like.name), None)
        if found is None:
            found = _Section(msgspec.structs.replace(like, data=b"", size=0))
            self.sections.append(found)
        elif (found.like.type, found.like.flags) != (like.type, like.flags):
            raise Unjoinable(f"sections {like.name} of two kinds")
        return found

    def _take_variables(self, number: int, section: Section) -> None:
        """Each has a symbol, which tells where it ends; those that the first object has are left out."""
        inside = [
            (n, s) for n, s in enumerate(self.second.symbols) if s.section == number and s.type == STT_OBJECT
        ]
        taken = self.variables[number] = []
        end = 0
        for n, symbol in sorted(inside, key=lambda item: item[1].value):
            if symbol.value - end >= max(section.align, 1):
                break
            end = symbol.value + symbol.size
            self.made[n] = self._variable(symbol, section)
            taken.append((symbol, self.made[n]))
        if section.size - end >= max(section.align, 1):
            raise Unjoinable(f"section {section.name} has what no symbol names")

    def _variable(self, symbol: Symbol, section: Section) -> _Symbol:
        data = section.data[symbol.value : symbol.value + symbol.size]
        known = self.by_name.get(symbol.name)
        if known is not None and isinstance(known.section, _Section):
            begin, size = known.like.value, known.like.size
            if (bytes(known.section.data[begin : begin + size]), size) == (data, symbol.size):
                return known
            if symbol.info >> 4:
                raise Unjoinable(f"variable {symbol.name} in both objects, and not the same")
        found = self._find(section)
        at = found.grow(data, symbol.size, section.align)
        return self._add(msgspec.structs.replace(symbol, value=at), found)

    def _symbol(self, number: int, symbol: Symbol) -> _Symbol:
        """What stands for a symbol of the second object."""
        if symbol.type == STT_SECTION:
            return self._section_symbol(symbol)
        if symbol.type == STT_FILE or not number:
            return self.symbols[0]
        known = self.made.get(number) or self.by_name.get(symbol.name)
        if symbol.section in self.code:
            place, base = self.code[symbol.section]
            return self._function(msgspec.structs.replace(symbol, value=symbol.value + base), place, known)
        if known is None and not symbol.section:
            known = self._add(symbol, 0)
            self.outside.append(known)
        if known is None:
            raise Unjoinable(f"symbol {symbol.name} of type {symbol.type}")
        return known

    def _section_symbol(self, symbol: Symbol) -> _Symbol:
        section = self.second.sections[symbol.section]
        if not section.flags & SHF_ALLOC:
            return self.symbols[0]  # of what only a debugger reads
        return self.of_section.get(section.name) or self._add(symbol, self._find(section))

    def _function(self, symbol: Symbol, place: _Section, known: _Symbol | None) -> _Symbol:
        if known is None:
            return self._add(symbol, place)
        if known.section:
            raise Unjoinable(f"function {symbol.name} in both objects")
        known.like, known.section = symbol, place
        return known

    def _relocate(
        self,
        elf: Elf,
        targets: Sequence[_Section | None],
        symbols: Sequence[_Symbol],
        move: Moved | None,
    ) -> None:
        for section in elf.sections:
            if section.type != SHT_REL or not section.data:
                continue
            of = elf.sections[section.info]
            if not of.flags & SHF_ALLOC:
                continue  # BTF's are made anew
            target = targets[section.info]
            if target is None:
                raise Unjoinable(f"addresses in section {of.name}")
            base = self.code[section.info][1] if move else 0
            for offset, info in struct.iter_unpack(elf.order + REL, section.data):
                number, kind = info >> 32, info & 0xFFFFFFFF
                like = elf.symbols[number]
                if move and like.type == STT_SECTION:
                    move(target.data, base + offset, like.section, kind)
                target.relocations.append((base + offset, symbols[number], kind))

    def _move(self, code: bytearray, at: int, number: int, kind: int) -> None:
        number_in_code = struct.Struct(self.order + "i")
        (value,) = number_in_code.unpack_from(code, at + 4)
        section = self.second.sections[number]
        if number in self.code and kind == TO_CALL:
            value += self.code[number][1] // INSTRUCTION
        elif number in self.code and kind == TO_ADDRESS:
            value += self.code[number][1]
        elif number in self.variables and kind == TO_ADDRESS:
            value = self._moved_variable(section, number, value)
        else:
            raise Unjoinable(f"a relocation of kind {kind} to section {section.name}")
        number_in_code.pack_into(code, at + 4, value)

    def _moved_variable(self, section: Section, number: int, value: int) -> int:
        for like, made in self.variables[number]:
            if like.value <= value < like.value + max(like.size, 1):
                return value - like.value + made.like.value
        raise Unjoinable(f"an address in section {section.name} where nothing is")

    def _join_btf(self) -> set[str]:
        """The names of all variables, and of functions outside, that BTF tells of."""
        ours, theirs = (
            [elf.section(name) for name in (".BTF", ".BTF.ext")] for elf in (self.first, self.second)
        )
        if not any((*ours, *theirs)):
            return set()
        if not all((*ours, *theirs)):
            raise Unjoinable("one object without BTF")
        (ours_btf, ours_ext), (theirs_btf, theirs_ext) = (
            [s.data for s in pair if s] for pair in (ours, theirs)
        )
        btf = btf_join.Btf(canonical(ours_btf, self.order), self.order)
        table = btf_rows.read(canonical(theirs_btf, self.order), self.order)
        bases = {self.second.sections[n].name: base for n, (_, base) in self.code.items()}
        ext, places = btf.add_infos(ours_ext, theirs_ext, table, bases)
        variables = list(btf.variables())
        self._set(".BTF.ext", ext, places, self.of_section)
        self._set(".BTF", btf.data(), variables, self.by_name)
        return {name for _, name in variables}

    def _set(
        self, name: str, data: bytes, places: list[tuple[int, str]], symbols: dict[str, _Symbol]
    ) -> None:
        section = next(s for s in self.sections if s.like.name == name)
        section.data, section.size = bytearray(data), len(data)
        section.relocations = []
        for at, of in places:
            if of not in symbols:
                raise Unjoinable(f"{of}, which {name} tells of, has no symbol")
            section.relocations.append((at, symbols[of], _kind_in_btf(symbols[of])))

    def _made(self) -> Elf:
        """The object; its symbols get their numbers, local ones first."""
        self.symbols.sort(key=lambda s: s.like.info >> 4 != 0)
        for number, symbol in enumerate(self.symbols):
            symbol.number = number
        numbers = {id(section): number for number, section in enumerate(self.sections)}
        table = next(n for n, s in enumerate(self.first.sections) if s.type == SHT_SYMTAB)
        with_relocations = {s.info for s in self.first.sections if s.type == SHT_REL}
        sections = [self._finished(section) for section in self.sections]
        for number, section in enumerate(self.sections):
            if section.relocations and number not in with_relocations:
                like = next(s for s in self.second.sections if s.type == SHT_REL)
                name = f".rel{section.like.name}"
                data = self._packed(section)
                sections.append(
                    msgspec.structs.replace(
                        like, name=name, data=data, size=len(data), link=table, info=number
                    )
                )
        symbols = tuple(
            msgspec.structs.replace(
                s.like, section=numbers[id(s.section)] if isinstance(s.section, _Section) else s.section
            )
            for s in self.symbols
        )
        return msgspec.structs.replace(self.first, sections=tuple(sections), symbols=symbols)

    def _finished(self, section: _Section) -> Section:
        like = section.like
        if like.type == SHT_REL:
            data = self._packed(self.sections[like.info])
            return msgspec.structs.replace(like, data=data, size=len(data))
        return msgspec.structs.replace(
            like, data=bytes(section.data), size=section.size, align=section.align if like.align else 0
        )

    def _packed(self, section: _Section) -> bytes:
        rel = struct.Struct(self.order + REL)
        return b"".join(rel.pack(at, of.number << 32 | kind) for at, of, kind in section.relocations)


def _kind_in_btf(symbol: _Symbol) -> int:
    place = symbol.section
    constant = isinstance(place, _Section) and not place.like.flags & (SHF_WRITE | SHF_EXECINSTR)
    return READ_ONLY if constant else WRITABLE
