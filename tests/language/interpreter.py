"""A machine for BPF in Python, of either byte order: for objects that this machine's kernel cannot run."""

from __future__ import annotations

import struct
from collections.abc import Callable

from tinybpf.compiler.elf import SHF_EXECINSTR, SHT_NOBITS, SHT_REL, STT_FUNC, Elf, read

WORD = 1 << 64
CONTEXT, STACK, DATA, CODE = 1 << 32, 2 << 32, 3 << 32, 4 << 32
FRAME = 512
MAX_STEPS = 200_000

Decoded = tuple[int, int, int, int, int]
"""Opcode, target, source, offset, immediate."""

_SIZES = {0: 4, 1: 2, 2: 1, 3: 8}
_COMPARE: dict[int, Callable[[int, int, int, int], bool]] = {
    0x10: lambda x, y, sx, sy: x == y,
    0x20: lambda x, y, sx, sy: x > y,
    0x30: lambda x, y, sx, sy: x >= y,
    0x40: lambda x, y, sx, sy: bool(x & y),
    0x50: lambda x, y, sx, sy: x != y,
    0x60: lambda x, y, sx, sy: sx > sy,
    0x70: lambda x, y, sx, sy: sx >= sy,
    0xA0: lambda x, y, sx, sy: x < y,
    0xB0: lambda x, y, sx, sy: x <= y,
    0xC0: lambda x, y, sx, sy: sx < sy,
    0xD0: lambda x, y, sx, sy: sx <= sy,
}


def signed(value: int, bits: int) -> int:
    value &= (1 << bits) - 1
    return value - (1 << bits) if value >> bits - 1 else value


class Machine:
    """An object in memory; variables keep their values from one run to the next."""

    def __init__(self, data: bytes) -> None:
        self.elf: Elf = read(data)
        self.order = self.elf.order
        self.memory: dict[int, bytearray] = {}
        self.code: dict[int, list[Decoded]] = {}
        for n, section in enumerate(self.elf.sections):
            if section.flags & SHF_EXECINSTR:
                self.code[n] = [self._decode(section.data, at) for at in range(0, len(section.data), 8)]
            else:
                content = bytes(section.size) if section.type == SHT_NOBITS else section.data
                self.memory[DATA + (n << 24)] = bytearray(content)
        for section in self.elf.sections:
            if section.type == SHT_REL and section.info in self.code:
                for at, info in struct.iter_unpack(self.order + "QQ", section.data):
                    self._relocate(section.info, at // 8, info >> 32)

    def _decode(self, data: bytes, at: int) -> Decoded:
        opcode, registers, offset, immediate = struct.unpack_from(self.order + "BBhi", data, at)
        low, high = registers & 15, registers >> 4
        return (opcode, *((low, high) if self.order == "<" else (high, low)), offset, immediate)

    def _relocate(self, code: int, at: int, number: int) -> None:
        symbol = self.elf.symbols[number]
        opcode, target, source, offset, immediate = self.code[code][at]
        if opcode == 0x85:
            start = symbol.value // 8 + immediate + 1
            self.code[code][at] = (opcode, target, source, symbol.section, start)
        elif symbol.type != STT_FUNC and symbol.section not in self.code:
            address = DATA + (symbol.section << 24) + symbol.value + immediate
            self.code[code][at] = (opcode, target, source, offset, signed(address, 32))
            self.code[code][at + 1] = (0, 0, 0, 0, address >> 32)

    def run(self, program: str, context: bytearray) -> int:
        """What a program returns, as an unsigned number of 32 bits."""
        symbol = next(s for s in self.elf.symbols if s.name == program and s.type == STT_FUNC)
        self.memory[CONTEXT] = context
        self.steps = 0
        registers = [0] * 11
        registers[1] = CONTEXT
        return self._function(symbol.section, symbol.value // 8, registers, 0) & 0xFFFFFFFF

    # --- memory

    def _place(self, address: int, size: int) -> tuple[bytearray, int]:
        for start, block in self.memory.items():
            if start <= address and address + size <= start + len(block):
                return block, address - start
        raise AssertionError(f"access to {size} bytes at {address:#x}")

    def load(self, address: int, size: int) -> int:
        block, at = self._place(address, size)
        return int.from_bytes(block[at : at + size], "little" if self.order == "<" else "big")

    def store(self, address: int, size: int, value: int) -> None:
        block, at = self._place(address, size)
        value &= (1 << size * 8) - 1
        block[at : at + size] = value.to_bytes(size, "little" if self.order == "<" else "big")

    # --- code

    def _function(self, section: int, at: int, r: list[int], depth: int) -> int:
        frame = STACK + depth * 4096
        self.memory[frame] = bytearray(b"\xa5" * FRAME)
        r[10] = frame + FRAME
        code = self.code[section]
        while True:
            self.steps += 1
            assert self.steps < MAX_STEPS, "it does not end"
            opcode, target, source, offset, immediate = code[at]
            kind = opcode & 7
            if opcode == 0x95:
                return r[0]
            if opcode == 0x18:
                r[target] = (immediate & 0xFFFFFFFF) | (code[at + 1][4] & 0xFFFFFFFF) << 32
                at += 1
            elif opcode == 0x85:
                assert source == 1, f"helper {immediate}"
                place = (section, at + 1 + immediate) if offset == 0 else (offset, immediate)
                r[0] = self._function(*place, [0, *r[1:6], *[0] * 5], depth + 1)
            elif kind in (4, 7):
                r[target] = self._arithmetic(code[at], r)
            elif kind in (5, 6):
                at += self._jump(code[at], r)
            elif kind == 1:
                value = self.load((r[source] + offset) % WORD, _SIZES[opcode >> 3 & 3])
                if opcode & 0xE0 == 0x80:
                    value = signed(value, _SIZES[opcode >> 3 & 3] * 8) % WORD
                r[target] = value
            elif opcode & 0xE0 == 0xC0:
                self._atomic(code[at], r)
            else:
                value = r[source] if kind == 3 else immediate
                self.store((r[target] + offset) % WORD, _SIZES[opcode >> 3 & 3], value)
            at += 1

    @staticmethod
    def _jump(decoded: Decoded, r: list[int]) -> int:
        opcode, target, source, offset, immediate = decoded
        bits = 64 if opcode & 7 == 5 else 32
        if opcode & 0xF0 == 0:
            return offset if bits == 64 else immediate
        mask = (1 << bits) - 1
        x, y = r[target] & mask, (r[source] if opcode & 8 else immediate) & mask
        return offset if _COMPARE[opcode & 0xF0](x, y, signed(x, bits), signed(y, bits)) else 0

    def _arithmetic(self, decoded: Decoded, r: list[int]) -> int:
        opcode, target, source, offset, immediate = decoded
        bits = 64 if opcode & 7 == 7 else 32
        mask, operation = (1 << bits) - 1, opcode & 0xF0
        if operation == 0xD0:
            return self._swap(r[target], immediate, opcode)
        x, y = r[target] & mask, (r[source] if opcode & 8 else immediate) & mask
        sx, sy = signed(x, bits), signed(y, bits)
        if operation == 0xB0 and offset:
            y = signed(y, offset)
        if operation in (0x30, 0x90):
            return self._divide(operation, offset, (x, y, sx, sy)) & mask
        made = {
            0x00: x + y, 0x10: x - y, 0x20: x * y, 0x40: x | y, 0x50: x & y, 0x60: x << (y & bits - 1),
            0x70: x >> (y & bits - 1), 0x80: -x, 0xA0: x ^ y, 0xB0: y, 0xC0: sx >> (y & bits - 1),
        }[operation]  # fmt: skip
        return made & mask

    @staticmethod
    def _divide(operation: int, offset: int, values: tuple[int, int, int, int]) -> int:
        x, y, sx, sy = values
        if y == 0:
            return 0 if operation == 0x30 else x
        if not offset:
            return x // y if operation == 0x30 else x % y
        quotient = abs(sx) // abs(sy) * (1 if (sx < 0) == (sy < 0) else -1)
        return quotient if operation == 0x30 else sx - quotient * sy

    def _swap(self, value: int, bits: int, opcode: int) -> int:
        """To big endian, to little endian, or in any case."""
        data = (value & (1 << bits) - 1).to_bytes(bits // 8, "little")
        wanted = ">" if opcode & 8 else "<"
        always = opcode & 7 == 7
        return int.from_bytes(data, "big" if always or wanted != self.order else "little")

    def _atomic(self, decoded: Decoded, r: list[int]) -> None:
        opcode, target, source, offset, immediate = decoded
        size, address = _SIZES[opcode >> 3 & 3], (r[target] + offset) % WORD
        old, value = self.load(address, size), r[source]
        if immediate == 0xF1:
            if old == r[0] % (1 << size * 8):
                self.store(address, size, value)
            r[0] = old
            return
        made = {0x00: old + value, 0x40: old | value, 0x50: old & value, 0xA0: old ^ value, 0xE0: value}
        self.store(address, size, made[immediate & 0xF0])
        if immediate & 1:
            r[source] = old
