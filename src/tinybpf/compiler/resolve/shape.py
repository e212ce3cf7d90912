"""Instructions with other operands, and functions whose values have other numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from tinybpf.compiler import ssa
from tinybpf.compiler.lower.walk import OPERANDS

FIRST = 1 << 20
"""From here on are the numbers that ``shifted`` gives."""


def changed(instr: ssa.Instruction, operand: Callable[[int], int], **fields: Any) -> ssa.Instruction:
    """The instruction with each operand replaced, and with some other fields."""
    for name in OPERANDS.get(type(instr), ()):
        value = getattr(instr, name)
        if isinstance(value, int):
            fields[name] = operand(value)
        elif value is not None:
            fields[name] = [operand(x) for x in value]
    return msgspec.structs.replace(instr, **fields) if fields else instr


def shifted(fn: ssa.Function) -> ssa.Function:
    """The function with room for more constants: instructions' numbers begin at ``FIRST``."""
    by = FIRST - len(fn.values)
    known = len(fn.values)

    def operand(x: int) -> int:
        return x if x < known else x + by

    def instruction(instr: ssa.Instruction) -> ssa.Instruction:
        number = getattr(instr, "id", None)
        return changed(instr, operand) if number is None else changed(instr, operand, id=number + by)

    blocks = [
        msgspec.structs.replace(block, instrs=[instruction(i) for i in block.instrs]) for block in fn.blocks
    ]
    return msgspec.structs.replace(fn, blocks=blocks)
