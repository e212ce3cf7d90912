"""Composite literals that are built where they will stay.

go/ssa builds ``v := T{…}`` in a temporary and copies it to the variable. Where nothing looks at
the variable before the copy, the temporary is the variable.
"""

from __future__ import annotations

from tinybpf.compiler import ssa
from tinybpf.compiler.lower.walk import Uses


def same_storage(fn: ssa.Function, uses: Uses) -> dict[int, int]:
    """By temporary ``Alloc``: the variable's ``Alloc`` whose storage it shares."""
    found: dict[int, int] = {}
    for b, block in enumerate(fn.blocks):
        for i, instr in enumerate(block.instrs):
            if isinstance(instr, ssa.Store) and i:
                temporary = _temporary(block.instrs[i - 1], instr, uses)
                if temporary is not None and _movable(fn, uses, temporary, instr.addr, (b, i)):
                    found[temporary] = instr.addr
    return found


def _temporary(before: ssa.Instruction, store: ssa.Store, uses: Uses) -> int | None:
    """The temporary whose whole value the instruction before the store has loaded for it."""
    if not isinstance(before, ssa.UnOp) or before.operator != "*" or before.id != store.value:
        return None
    made = uses.made_by.get(before.x)
    return before.x if isinstance(made, ssa.Alloc) and len(uses.of(before.id)) == 1 else None


def _movable(fn: ssa.Function, uses: Uses, temporary: int, variable: int, store: tuple[int, int]) -> bool:
    made = uses.made_by.get(variable)
    if not isinstance(made, ssa.Alloc) or variable == temporary or made.type != uses.type_of[temporary]:
        return False
    block, at = store
    if uses.place[variable][0] != block or uses.place[temporary][0] != block:
        return False
    if any(b == block and i < at for b, i in uses.of(variable)):
        return False
    return all(
        b == block and i < at and _builds(fn.blocks[b].instrs[i], temporary) for b, i in uses.of(temporary)
    )


def _builds(instr: ssa.Instruction, temporary: int) -> bool:
    if isinstance(instr, ssa.Store):
        return instr.addr == temporary and instr.value != temporary
    return isinstance(instr, (ssa.FieldAddr, ssa.IndexAddr)) or (
        isinstance(instr, ssa.UnOp) and instr.x == temporary
    )
