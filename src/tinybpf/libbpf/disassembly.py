"""The instructions of a loaded program, beside the source that they come from."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, overload

from tinybpf.errors import BpfError, SourceLine
from tinybpf.libbpf import _program_info
from tinybpf.libbpf.disasm import SIZE, Instruction, Raw, decode, local_offset

if TYPE_CHECKING:
    from tinybpf.libbpf.btf import Btf

BASE = "__bpf_call_base"


@dataclass(frozen=True)
class CodeLine:
    """An instruction, the function that it is in, and the source line that it belongs to (None: unknown)."""

    instruction: Instruction
    function: str
    source: SourceLine | None

    @property
    def number(self) -> int:
        """Which instruction it is, from 0; one of 16 bytes counts as two."""
        return self.instruction.number

    @property
    def text(self) -> str:
        """The instruction in the kernel's notation."""
        return self.instruction.text

    def __str__(self) -> str:
        return str(self.instruction)


class Disassembly(Sequence[CodeLine]):
    """All instructions of a program, those of the functions that it calls behind its own.

    ``str()`` has each function's name, and each line of the source before what was made of it.
    """

    def __init__(self, lines: list[CodeLine]) -> None:
        self._lines = lines

    @overload
    def __getitem__(self, index: int) -> CodeLine: ...
    @overload
    def __getitem__(self, index: slice) -> list[CodeLine]: ...
    def __getitem__(self, index: int | slice) -> CodeLine | list[CodeLine]:
        return self._lines[index]

    def __len__(self) -> int:
        return len(self._lines)

    def __iter__(self) -> Iterator[CodeLine]:
        return iter(self._lines)

    def __str__(self) -> str:
        text, function, source = [], "", None
        for line in self._lines:
            if line.function != function:
                function, source = line.function, None
                text.append(f"{function}:")
            if line.source is not None and line.source != source:
                source = line.source
                text.append(f"; {source}")
            text.append(str(line))
        return "\n".join(text)

    def __repr__(self) -> str:
        return f"<Disassembly: {len(self)} instructions>"


def of_program(fd: int, name: str) -> Disassembly:
    """The disassembly of a loaded program. `BpfError` where the kernel does not show the instructions."""
    what = f"read the instructions of program '{name}'"
    info = _program_info.read(fd, what)
    code = _code(fd, what, info)
    functions = _program_info.functions_of(fd, what, info) or [(0, name)]
    lines = _lines(fd, what, info)
    starts, line_starts = [start for start, _ in functions], [start for start, _ in lines]

    def inside(number: int) -> tuple[int, str]:
        return functions[max(bisect_right(starts, number) - 1, 0)]

    def called(number: int, raw: Raw) -> str | None:
        if raw.src == 1:
            target = number + 1 + local_offset(raw)
            return next((known for start, known in functions if start == target), None)
        return _kernel_function(raw.imm)

    found = []
    for instruction in decode(code, called):
        start, function = inside(instruction.number)
        at = bisect_right(line_starts, instruction.number) - 1
        source = lines[at][1] if at >= 0 and lines[at][0] >= start else None
        found.append(CodeLine(instruction, function, source))
    return Disassembly(found)


def _code(fd: int, what: str, info: Any) -> bytes:
    size = info.xlated_prog_len
    if not size:
        raise BpfError(f"{what} failed: the kernel does not show them to this process")
    arrays = _program_info.Arrays(code=size)

    def prepare(asked: Any) -> None:
        asked.xlated_prog_len = size
        asked.xlated_prog_insns = _program_info.address(arrays.rooms["code"])

    read = _program_info.read(fd, what, prepare)
    if not read.xlated_prog_insns:
        raise BpfError(f"{what} failed: the kernel does not show them to this process")
    return arrays.bytes("code", min(read.xlated_prog_len, size) // SIZE * SIZE)


def _lines(fd: int, what: str, info: Any) -> list[tuple[int, SourceLine]]:
    """The source lines with the numbers of the instructions where they begin; empty without BTF."""
    from tinybpf.libbpf._pins import _kernel_btf

    count, step = info.nr_line_info, info.line_info_rec_size
    btf = _kernel_btf(info.btf_id) if info.btf_id and count and step >= 16 else None
    if btf is None:
        return []
    arrays = _program_info.Arrays(lines=count * step)

    def prepare(asked: Any) -> None:
        asked.nr_line_info, asked.line_info_rec_size = count, step
        asked.line_info = _program_info.address(arrays.rooms["lines"])

    _program_info.read(fd, what, prepare)
    words = memoryview(arrays.bytes("lines")).cast("I")
    return [_line(btf, words[at : at + 4]) for at in range(0, len(words), step // 4)]


def _line(btf: Btf, record: memoryview) -> tuple[int, SourceLine]:
    number, file, text, place = record
    return number, SourceLine(btf.string(file), place >> 10, place & 0x3FF, btf.string(text))


def _kernel_function(offset: int) -> str | None:
    """The function of the kernel so far from where it counts calls; None where it hides addresses."""
    if not offset:
        return None
    base, names = _symbols()
    return names.get(base + offset) if base else None


@lru_cache(maxsize=1)
def _symbols() -> tuple[int, dict[int, str]]:
    """The address that calls of helpers count from (0: unknown), and the kernel's functions by address."""
    base = 0
    names: dict[int, str] = {}
    try:
        with open("/proc/kallsyms", encoding="ascii", errors="replace") as file:
            for line in file:
                address, kind, name = line.split(None, 3)[:3]
                if kind in "tTwW":
                    at = int(address, 16)
                    names.setdefault(at, name)
                    if name == BASE:
                        base = at
    except (OSError, ValueError):
        return 0, {}
    return base, names
