"""How much stack a program takes over its whole call chain, read off the emitted instructions.

LLVM refuses a function whose own frame passes 512 bytes; the kernel adds up the frames of all
functions that are active at once, and says only that they are too large together.
"""

from __future__ import annotations

import struct

import msgspec

from tinybpf.compiler.elf import INSTRUCTION, SHF_EXECINSTR, SHT_REL, STT_FUNC, Elf

FRAME_POINTER = 10
_LDX, _ST, _STX, _ALU64 = 1, 2, 3, 7
_ADD_IMMEDIATE, _MOVE_REGISTER, _CALL, _LOAD_64 = 0x07, 0xBF, 0x85, 0x18
_SUBPROGRAM_CALL, _SUBPROGRAM_ADDRESS = 1, 4


class Frame(msgspec.Struct):
    """A function's own bytes of stack, and the functions that it calls."""

    name: str
    size: int
    calls: list[str]


class Chain(msgspec.Struct, frozen=True):
    """The functions that are active at once, the program first, with the bytes of each."""

    frames: tuple[tuple[str, int], ...]

    @property
    def size(self) -> int:
        return sum(size for _, size in self.frames)

    @property
    def counted(self) -> int:
        """As the kernel counts that compiles to machine code: in steps of 16 bytes, at least one a frame."""
        return sum(max(size + 15, 16) // 16 * 16 for _, size in self.frames)


def deepest(elf: Elf) -> list[Chain]:
    """For each program, the call chain that takes the most stack."""
    frames = {f.name: f for f in _frames(elf)}
    known: dict[str, Chain] = {}
    return [_deepest(frames, p.name, known) for p in elf.programs()]


def _deepest(frames: dict[str, Frame], name: str, known: dict[str, Chain]) -> Chain:
    if name not in known:
        frame = frames[name]
        below = [_deepest(frames, callee, known) for callee in frame.calls if callee in frames]
        worst = max(below, key=lambda c: c.size, default=Chain(()))
        known[name] = Chain(((name, frame.size), *worst.frames))
    return known[name]


def _frames(elf: Elf) -> list[Frame]:
    by_place = {(s.section, s.value): s.name for s in elf.symbols if s.type == STT_FUNC}
    targets = _call_targets(elf, by_place)
    found = []
    for s in elf.symbols:
        if s.type == STT_FUNC and elf.sections[s.section].flags & SHF_EXECINSTR:
            code = elf.sections[s.section].data[s.value : s.value + s.size]
            calls = [targets[s.section, at] for at in range(s.value, s.value + s.size, INSTRUCTION)
                     if (s.section, at) in targets]  # fmt: skip
            found.append(Frame(s.name, _size(elf, code), list(dict.fromkeys(calls))))
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
