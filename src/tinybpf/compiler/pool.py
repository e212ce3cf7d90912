"""String constants: all those of a program in one run of bytes.

A string in memory has 16 bytes, as in Go::

    base    8 bytes: the address of what the string is a part of; 0: of the constants
    place   8 bytes: offset in it, length, and its size, 21 bits each

So tables of strings hold no address, which the loader would not fill in, and a string that the
program never changes costs nothing to keep.
"""

from __future__ import annotations

from tinybpf.compiler import ssa, typed
from tinybpf.compiler.lower.walk import operands

BITS = 21
LIMIT = 1 << BITS
"""Bytes that all constants together, or what a string is a part of, may have."""

SMALLEST = 64


class Pool:
    """The constants that a program keeps; equal ones are kept once."""

    def __init__(self, doc: ssa.Document) -> None:
        self._places: dict[bytes, int] = {}
        data = bytearray()
        for fn in doc.functions:
            for text in _kept(doc, fn):
                if text not in self._places:
                    self._places[text] = len(data)
                    data += text
        # Of a size that a mask can keep an offset within; and neither so small, nor with one 0 at its end,
        # that LLVM took it for a number or a C string, which it puts into a section of their own.
        size = max(SMALLEST, 1 << (len(data) + 1).bit_length())
        self.data = bytes(data).ljust(size, b"\0")
        self.longest = max(map(len, self._places), default=0)

    def __contains__(self, text: bytes) -> bool:
        return text in self._places

    def place(self, text: bytes) -> int:
        """The offset of a constant."""
        return self._places[text] if text else 0

    def memory(self, text: bytes) -> bytes:
        """A constant as it is in memory."""
        return bytes(8) + packed(self.place(text), len(text)).to_bytes(8, "little")


def packed(off: int, length: int, end: int = 0) -> int:
    return off | length << BITS | end << 2 * BITS


def _kept(doc: ssa.Document, fn: ssa.Function) -> list[bytes]:
    """Not kept are the formats of Printk and what only a panic would say."""
    texts = {n: v.value for n, v in enumerate(fn.values) if isinstance(v, ssa.ConstString)}
    if not texts:
        return []
    said = {i.x for block in fn.blocks for i in block.instrs if isinstance(i, ssa.Panic)}
    used: set[int] = set()
    for block in fn.blocks:
        for instr in block.instrs:
            if isinstance(instr, ssa.MakeInterface) and instr.id in said:
                continue
            wanted = set(operands(instr))
            if isinstance(instr, ssa.Call) and _prints(doc, fn, instr):
                wanted.discard(instr.args[0])
            used |= wanted
    return [text for n, text in texts.items() if n in used]


def _prints(doc: ssa.Document, fn: ssa.Function, call: ssa.Call) -> bool:
    target = fn.values[call.fn] if call.fn < len(fn.values) else None
    return isinstance(target, ssa.FuncRef) and typed.builtin(doc.functions[target.index]) == "printk"
