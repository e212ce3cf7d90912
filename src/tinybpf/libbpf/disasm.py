"""BPF instructions as text, in the notation of the kernel and of LLVM's assembler.

``decode`` takes the machine code of a program, 8 bytes for each instruction, and gives one `Instruction`
for each; ``r1 = 5 ll`` of LLVM, which fills two, is ``r1 = 0x5`` as in the kernel's logs.
"""

from __future__ import annotations

import struct
import sys
from collections.abc import Callable
from dataclasses import dataclass

SIZE = 8

# Classes, and the parts of an opcode
_LD, _LDX, _ST, _STX, _ALU, _JMP, _JMP32, _ALU64 = range(8)
_IMM64, _ABS, _IND, _MEM, _MEMSX, _ATOMIC = 0x00, 0x20, 0x40, 0x60, 0x80, 0xC0
_PROBE_MEM, _PROBE_MEMSX, _PROBE_MEM32, _PROBE_ATOMIC = 0x20, 0x40, 0xA0, 0xE0
_REGISTER = 0x08
_WIDTHS = {0x00: 32, 0x08: 16, 0x10: 8, 0x18: 64}
_BYTES = {32: 4, 16: 2, 8: 1, 64: 8}

_ARITHMETIC = {
    0x00: "+=", 0x10: "-=", 0x20: "*=", 0x30: "/=", 0x40: "|=", 0x50: "&=", 0x60: "<<=", 0x70: ">>=",
    0x90: "%=", 0xA0: "^=", 0xB0: "=", 0xC0: "s>>=",
}  # fmt: skip
_NEG, _MOV, _END, _DIV, _MOD = 0x80, 0xB0, 0xD0, 0x30, 0x90
_CONDITIONS = {
    0x10: "==", 0x20: ">", 0x30: ">=", 0x40: "&", 0x50: "!=", 0x60: "s>", 0x70: "s>=", 0xA0: "<",
    0xB0: "<=", 0xC0: "s<", 0xD0: "s<=",
}  # fmt: skip
_JA, _CALL, _EXIT, _JCOND, _TAIL_CALL = 0x00, 0x80, 0x90, 0xE0, 0xF0

_FETCH, _XCHG, _CMPXCHG, _LOAD_ACQ, _STORE_REL = 0x01, 0xE1, 0xF1, 0x100, 0x110
_ATOMICS = {0x00: "+=", 0x40: "|=", 0x50: "&=", 0xA0: "^="}
_FETCHES = {0x00: "add", 0x40: "or", 0x50: "and", 0xA0: "xor"}

# What the source register of a 64-bit constant, and of a call, says that it is
_MAP_FD, _MAP_VALUE, _BTF_ID, _FUNC, _MAP_INDEX, _MAP_INDEX_VALUE = 1, 2, 3, 4, 5, 6
_CALL_LOCAL, _CALL_KFUNC = 1, 2
TAIL_CALL_HELPER = 12

_unpack = struct.Struct("<BBhi" if sys.byteorder == "little" else ">BBhi").unpack_from


@dataclass(frozen=True)
class Instruction:
    """``number`` counts 8 bytes each from the program's start, as jumps do; ``code`` is its bytes, 16 for a
    64-bit constant; ``target`` is the number of the instruction that it may jump to, or calls."""

    number: int
    code: bytes
    text: str
    target: int | None = None

    @property
    def opcode(self) -> int:
        """The first byte."""
        return self.code[0]

    def __str__(self) -> str:
        return f"{self.number:4}: ({self.opcode:02x}) {self.text}"


Namer = Callable[[int, "Raw"], "str | None"]


class Raw:
    """The parts of an instruction; ``imm64`` joins both halves of a 64-bit constant."""

    __slots__ = ("dst", "imm", "imm64", "next_imm", "off", "op", "src")
    op: int
    off: int
    imm: int

    def __init__(self, code: bytes | memoryview, at: int) -> None:
        self.op, registers, self.off, self.imm = _unpack(code, at)
        low, high = registers & 15, registers >> 4
        self.dst, self.src = (low, high) if sys.byteorder == "little" else (high, low)
        self.next_imm, self.imm64 = 0, self.imm

    def join(self, code: bytes | memoryview, at: int) -> None:
        self.next_imm = _unpack(code, at)[3]
        self.imm64 = (self.imm & 0xFFFFFFFF) | (self.next_imm & 0xFFFFFFFF) << 32


def decode(code: bytes, call: Namer | None = None) -> list[Instruction]:
    """The instructions of a program's code.

    ``call`` may name what a call instruction calls, by its number and parts; None leaves it to the
    number. ``ValueError`` where the bytes are not whole instructions.
    """
    if len(code) % SIZE:
        raise ValueError(f"{len(code)} bytes are no whole instructions of {SIZE}")
    found, number, count = [], 0, len(code) // SIZE
    while number < count:
        raw, length = Raw(code, SIZE * number), 1
        if raw.op == _LD | _IMM64 | 0x18 and number + 1 < count:
            raw.join(code, SIZE * (number + 1))
            length = 2
        target = _target(number, raw)
        text = _text(number, raw, call)
        found.append(Instruction(number, code[SIZE * number : SIZE * (number + length)], text, target))
        number += length
    return found


def _target(number: int, raw: Raw) -> int | None:
    kind, operation = raw.op & 7, raw.op & 0xF0
    if kind not in (_JMP, _JMP32):
        return None
    if operation == _CALL:
        return number + 1 + local_offset(raw) if raw.src == _CALL_LOCAL else None
    if operation in (_EXIT, _TAIL_CALL) or (operation == _JA and raw.op & _REGISTER):
        return None
    return number + 1 + (raw.imm if operation == _JA and kind == _JMP32 else raw.off)


def local_offset(raw: Raw) -> int:
    """How far a call of the program's own function goes: the kernel has it elsewhere once it is compiled."""
    return raw.off or raw.imm


def _text(number: int, raw: Raw, call: Namer | None) -> str:
    kind = raw.op & 7
    if kind in (_ALU, _ALU64):
        return _arithmetic(raw)
    if kind in (_JMP, _JMP32):
        return _jump(number, raw, call)
    if kind == _LD:
        return _constant(raw)
    return _memory(raw)


def _unknown(raw: Raw) -> str:
    return f"unknown opcode {raw.op:02x}"


# ---- arithmetic ----


def _arithmetic(raw: Raw) -> str:
    wide, operation = raw.op & 7 == _ALU64, raw.op & 0xF0
    letter = "r" if wide else "w"
    to, from_register = f"{letter}{raw.dst}", bool(raw.op & _REGISTER)
    if operation == _END:
        return _byte_order(raw, wide)
    if operation == _NEG:
        return f"{to} = -{to}"
    sign = _ARITHMETIC.get(operation)
    if sign is None:
        return _unknown(raw)
    if operation == _MOV and from_register and raw.off:
        return _special_move(raw, to, letter)
    if operation in (_DIV, _MOD) and raw.off == 1:
        sign = "s" + sign
    return f"{to} {sign} {f'{letter}{raw.src}' if from_register else raw.imm}"


def _byte_order(raw: Raw, wide: bool) -> str:
    kind = "bswap" if wide else "be" if raw.op & _REGISTER else "le"
    return f"r{raw.dst} = {kind}{raw.imm} r{raw.dst}"


def _special_move(raw: Raw, to: str, letter: str) -> str:
    if raw.off == 1 and letter == "r":
        spaces = raw.imm & 0xFFFFFFFF
        return f"{to} = addr_space_cast(r{raw.src}, {spaces >> 16}, {spaces & 0xFFFF})"
    if raw.off == -1 and letter == "r":
        return f"{to} = &(void __percpu *)(r{raw.src})"
    return f"{to} = (s{raw.off}){letter}{raw.src}"


# ---- memory ----


def _place(register: int, offset: int) -> str:
    return f"(r{register} {offset:+})"


def _memory(raw: Raw) -> str:
    kind, mode, width = raw.op & 7, raw.op & 0xE0, _WIDTHS[raw.op & 0x18]
    if kind == _LDX:
        if mode in (_MEM, _PROBE_MEM, _PROBE_MEM32):
            return f"r{raw.dst} = *(u{width} *){_place(raw.src, raw.off)}"
        if mode in (_MEMSX, _PROBE_MEMSX):
            return f"r{raw.dst} = *(s{width} *){_place(raw.src, raw.off)}"
        return _unknown(raw)
    place = f"(u{width} *){_place(raw.dst, raw.off)}"
    if kind == _ST:
        return f"*{place} = {raw.imm}" if mode in (_MEM, _PROBE_MEM32) else _unknown(raw)
    if mode in (_MEM, _PROBE_MEM32):
        return f"*{place} = r{raw.src}"
    if mode in (_ATOMIC, _PROBE_ATOMIC):
        return _atomic(raw, width, place)
    return _unknown(raw)


def _atomic(raw: Raw, width: int, place: str) -> str:
    letter = "r" if width == 64 else "w"
    wide = "64" if width == 64 else ""
    if raw.imm == _LOAD_ACQ:
        return f"r{raw.dst} = load_acquire((u{width} *){_place(raw.src, raw.off)})"
    if raw.imm == _STORE_REL:
        return f"store_release({place}, r{raw.src})"
    if raw.imm == _CMPXCHG:
        return f"r0 = atomic{wide}_cmpxchg({place}, r0, r{raw.src})"
    if raw.imm == _XCHG:
        return f"{letter}{raw.src} = atomic{wide}_xchg({place}, {letter}{raw.src})"
    if raw.imm in _ATOMICS:
        return f"lock *{place} {_ATOMICS[raw.imm]} r{raw.src}"
    name = _FETCHES.get(raw.imm & ~_FETCH)
    if name is None or not raw.imm & _FETCH:
        return _unknown(raw)
    return f"r{raw.src} = atomic{wide}_fetch_{name}({place}, r{raw.src})"


def _constant(raw: Raw) -> str:
    mode, width = raw.op & 0xE0, _WIDTHS[raw.op & 0x18]
    if mode == _ABS:
        return f"r0 = *(u{width} *)skb[{raw.imm}]"
    if mode == _IND:
        return f"r0 = *(u{width} *)skb[r{raw.src} + {raw.imm}]"
    if mode != _IMM64 or width != 64:
        return _unknown(raw)
    to = f"r{raw.dst}"
    if raw.src == _MAP_FD:
        return f"{to} = map[id:{raw.imm}]"
    if raw.src == _MAP_VALUE:
        return f"{to} = map[id:{raw.imm}][0]+{raw.next_imm & 0xFFFFFFFF}"
    if raw.src == _MAP_INDEX_VALUE:
        return f"{to} = map[idx:{raw.imm}]+{raw.next_imm & 0xFFFFFFFF}"
    if raw.src == _MAP_INDEX:
        return f"{to} = map[idx:{raw.imm}]"
    if raw.src == _FUNC:
        return f"{to} = subprog[{raw.imm:+}]"
    return f"{to} = {raw.imm64 & (1 << 64) - 1:#x}"


# ---- jumps ----


def _jump(number: int, raw: Raw, call: Namer | None) -> str:
    short, operation = raw.op & 7 == _JMP32, raw.op & 0xF0
    if operation in (_CALL, _TAIL_CALL):
        return _call(number, raw, call) if not short else _unknown(raw)
    if operation == _EXIT:
        return "exit"
    if operation == _JA:
        if raw.op & _REGISTER:
            return f"gotox r{raw.dst}"
        return f"gotol pc{raw.imm:+}" if short else f"goto pc{raw.off:+}"
    if operation == _JCOND:
        return f"may_goto pc{raw.off:+}" if not raw.src else f"or_goto pc{raw.off:+}"
    sign, letter = _CONDITIONS.get(operation), "w" if short else "r"
    if sign is None:
        return _unknown(raw)
    other = f"{letter}{raw.src}" if raw.op & _REGISTER else f"{raw.imm & 0xFFFFFFFF:#x}"
    return f"if {letter}{raw.dst} {sign} {other} goto pc{raw.off:+}"


def _call(number: int, raw: Raw, call: Namer | None) -> str:
    name = call(number, raw) if call else None
    if raw.src == _CALL_LOCAL:
        return f"call pc{local_offset(raw):+}" + (f"#{name}" if name else "")
    if raw.src == _CALL_KFUNC:
        return f"call {name or 'kernel-function'}#{raw.imm}"
    return f"call {name or 'unknown'}#{raw.imm}"
