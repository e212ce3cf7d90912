"""The instructions of an object as its compiler wrote them, beside the source that they come from."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tinybpf.libbpf import _elf
from tinybpf.libbpf.disasm import SIZE, Instruction, Raw, decode
from tinybpf.libbpf.disassembly import CodeLine, Disassembly

if TYPE_CHECKING:
    from tinybpf.libbpf._elf import Elf, Symbol
    from tinybpf.libbpf.btf import Btf
    from tinybpf.libbpf.btf_ext import BtfExt

_CONSTANT, _CALL, _LOCAL, _KERNEL = 0x18, 0x85, 1, 2
MAPS = ".maps"


def of_object(data: bytes, btf: Btf | None, directory: str = "") -> Disassembly:
    """All functions of an object that was opened, section by section. ``btf`` is its type information."""
    from tinybpf.libbpf.btf_ext import BtfExt

    elf = _elf.read(data)
    ext = next((section.content for section in elf.sections if section.name == ".BTF.ext"), None)
    lines = BtfExt(ext, btf, directory) if ext is not None and btf is not None else None
    found: list[CodeLine] = []
    for index, section in enumerate(elf.sections):
        if section.is_code:
            found += _Section(elf, index, btf, lines).code()
    return Disassembly(found)


class _Section:
    """A section of code, with what its instructions refer to."""

    def __init__(self, elf: Elf, index: int, btf: Btf | None, lines: BtfExt | None) -> None:
        self._elf = elf
        self._section = elf.sections[index]
        self._functions = elf.functions(index)
        self._relocations = elf.relocations(index)
        self._btf = btf
        self._lines = lines
        self._helpers = _helpers()

    def code(self) -> list[CodeLine]:
        return [line for function in self._functions for line in self._function(function)]

    def _function(self, function: Symbol) -> list[CodeLine]:
        start = function.value
        code = bytes(self._section.content[start : start + function.size // SIZE * SIZE])
        found = []
        for instruction in decode(code):
            at = start + SIZE * instruction.number
            source = None if self._lines is None else self._lines.source(self._section.name, at)
            found.append(CodeLine(self._named(instruction, at), function.name, source))
        return found

    def _named(self, instruction: Instruction, offset: int) -> Instruction:
        """The instruction with the name of what a loader will put into it."""
        symbol, raw = self._relocations.get(offset), Raw(instruction.code, 0)
        if instruction.opcode == _CALL:
            name = self._called(raw, symbol, offset)
            return replace(instruction, text=f"call {name}") if name else instruction
        if instruction.opcode != _CONSTANT or symbol is None:
            return instruction
        return replace(instruction, text=f"r{raw.dst} = {self._meant(symbol, raw.imm)}")

    def _called(self, raw: Raw, symbol: Symbol | None, offset: int) -> str | None:
        if raw.src not in (_LOCAL, _KERNEL):
            return self._helpers.get(raw.imm)
        if symbol is None:
            return self._function_at(self._functions, offset + SIZE * (raw.imm + 1))
        if symbol.type != _elf.SECTION:
            return symbol.name
        return self._function_at(self._elf.functions(symbol.section), SIZE * (raw.imm + 1))

    @staticmethod
    def _function_at(functions: list[Symbol], at: int) -> str | None:
        return next((function.name for function in functions if function.value == at), None)

    def _meant(self, symbol: Symbol, addend: int) -> str:
        """A map, a variable, a function, or what the kernel is to fill in."""
        if not 0 < symbol.section < len(self._elf.sections):
            return f"&{symbol.name} of the kernel"
        section = self._elf.sections[symbol.section]
        if section.name == MAPS:
            return f"map {symbol.name}"
        if section.is_code:
            at = symbol.value + addend
            return f"&{self._function_at(self._elf.functions(symbol.section), at) or symbol.name}"
        return f"&{self._variable(section.name, symbol.value + addend)}"

    def _variable(self, section: str, offset: int) -> str:
        """A place in a section of variables, by the variable where BTF has it."""
        for variable in self._btf.section_vars(section) if self._btf else ():
            if variable.offset <= offset < variable.offset + max(variable.size, 1):
                beyond = offset - variable.offset
                return variable.name + (f"+{beyond}" if beyond else "")
        return f"{section}+{offset}"


def _helpers() -> dict[int, str]:
    from tinybpf.libbpf.helper_names import numbers

    return {number: name for name, number in numbers().items()}
