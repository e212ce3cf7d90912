"""How much stack a program takes over its whole call chain, read off the emitted instructions.

LLVM refuses a function whose own frame passes 512 bytes; the kernel adds up the frames of all
functions that are active at once, each rounded up, and says only that they are too large together.
"""

from __future__ import annotations

import struct
from collections.abc import Callable

import msgspec

from tinybpf.compiler.elf import INSTRUCTION, SHF_EXECINSTR, SHT_REL, STT_FUNC, Elf

FRAME_POINTER = 10
ROUNDED = 16
"""Bytes of which a frame has a multiple."""
ROUNDED_MOST = 32
"""The same in kernels that interpret programs, and in older ones."""
MAX_FRAMES = 8
"""How many functions may be active at once (``MAX_CALL_FRAMES`` of the kernel)."""
_LDX, _ST, _STX, _ALU64 = 1, 2, 3, 7
_ADD_IMMEDIATE, _MOVE_REGISTER, _CALL, _LOAD_64 = 0x07, 0xBF, 0x85, 0x18
_SUBPROGRAM_CALL, _SUBPROGRAM_ADDRESS = 1, 4


class Frame(msgspec.Struct):
    """A function's own bytes of stack, its size in 8-byte slots, and the functions that it calls."""

    name: str
    size: int
    instructions: int
    calls: list[str]


class Chain(msgspec.Struct, frozen=True):
    """The functions that are active at once, the program first, with the bytes that each touches."""

    frames: tuple[tuple[str, int], ...]

    @property
    def names(self) -> list[str]:
        return [name for name, _ in self.frames]

    @property
    def size(self) -> int:
        """What the kernel counts where it compiles programs, its JIT being on as it is nearly everywhere."""
        return sum(taken for _, taken in self.taken())

    def taken(self, step: int = ROUNDED) -> list[tuple[str, int]]:
        """What each frame takes, in multiples of ``step`` bytes."""
        least = 1 if step == ROUNDED_MOST else 0
        return [(name, -(-max(size, least) // step) * step) for name, size in self.frames]


class Chains(msgspec.Struct, frozen=True):
    """Of one program: the call chain that takes the most stack, and the longest one."""

    largest: Chain
    longest: Chain


def deepest(elf: Elf) -> list[Chains]:
    """For each program."""
    by_name = {f.name: f for f in frames(elf)}
    by_size: dict[str, Chain] = {}
    by_length: dict[str, Chain] = {}
    return [
        Chains(
            _worst(by_name, p.name, by_size, lambda c: c.size),
            _worst(by_name, p.name, by_length, lambda c: len(c.frames)),
        )
        for p in elf.programs()
    ]


def _worst(
    by_name: dict[str, Frame], name: str, known: dict[str, Chain], measure: Callable[[Chain], int]
) -> Chain:
    if name not in known:
        frame = by_name[name]
        below = [_worst(by_name, callee, known, measure) for callee in frame.calls if callee in by_name]
        worst = max(below, key=measure, default=Chain(()))
        known[name] = Chain(((name, frame.size), *worst.frames))
    return known[name]


def frames(elf: Elf) -> list[Frame]:
    """All functions of an object."""
    by_place = {(s.section, s.value): s.name for s in elf.symbols if s.type == STT_FUNC}
    targets = _call_targets(elf, by_place)
    found = []
    for s in elf.symbols:
        if s.type == STT_FUNC and elf.sections[s.section].flags & SHF_EXECINSTR:
            code = elf.sections[s.section].data[s.value : s.value + s.size]
            calls = [targets[s.section, at] for at in range(s.value, s.value + s.size, INSTRUCTION)
                     if (s.section, at) in targets]  # fmt: skip
            found.append(Frame(s.name, _size(elf, code), s.size // INSTRUCTION, list(dict.fromkeys(calls))))
    return found


def _size(elf: Elf, code: bytes) -> int:
    """The lowest address below the frame pointer that a function touches or takes."""
    lowest = 0
    copies: set[int] = set()
    for opcode, registers, offset, immediate in struct.iter_unpack(elf.order + "BBhi", code):
        low, high = registers & 15, registers >> 4
        target, source = (low, high) if elf.order == "<" else (high, low)
        kind = opcode & 7
        if (kind == _LDX and source == FRAME_POINTER) or (kind in (_ST, _STX) and target == FRAME_POINTER):
            lowest = min(lowest, offset)
        if opcode == _ADD_IMMEDIATE and target in copies:
            lowest = min(lowest, immediate)
        if opcode == _MOVE_REGISTER and source == FRAME_POINTER:
            copies.add(target)
        elif kind in (_LDX, _ALU64):
            copies.discard(target)
    return (-lowest + 7) // 8 * 8


def _call_targets(elf: Elf, by_place: dict[tuple[int, int], str]) -> dict[tuple[int, int], str]:
    """The function that each call, or each load of a function's address, leads to, by section and offset."""
    found = {}
    for n, section in enumerate(elf.sections):
        if not section.flags & SHF_EXECINSTR:
            continue
        related = (s for s in elf.sections if s.type == SHT_REL and s.info == n)
        entries = (e for r in related for e in struct.iter_unpack(elf.order + "QQ", r.data))
        relocations = {at: info >> 32 for at, info in entries}
        for at in range(0, len(section.data), INSTRUCTION):
            opcode, registers, _, immediate = struct.unpack_from(elf.order + "BBhi", section.data, at)
            source = registers >> 4 if elf.order == "<" else registers & 15
            if opcode == _CALL and source == _SUBPROGRAM_CALL:
                symbol = elf.symbols[relocations[at]] if at in relocations else None
                home = symbol.section if symbol else n
                start = (immediate + 1) * INSTRUCTION + (symbol.value if symbol else at)
            elif opcode == _LOAD_64 and at in relocations:
                symbol = elf.symbols[relocations[at]]
                home, start = symbol.section, symbol.value + (0 if symbol.type == STT_FUNC else immediate)
            else:
                continue
            if (home, start) in by_place:
                found[n, at] = by_place[home, start]
    return found
