"""What is read before a call in the same expression, where the callee's body takes the call's place.

``x + f()`` where ``f`` writes ``x`` is refused (``lower.order``), by looking at calls. Of a call that is
no longer one when lowering sees it, this is told here, from less knowledge: a variable whose address is
taken might be written by any store that does not go to a variable of the callee's own.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tinybpf.compiler import ssa
from tinybpf.compiler.lower.order import HINT
from tinybpf.compiler.lower.refuse import Refused
from tinybpf.compiler.lower.walk import Uses, instructions, operands
from tinybpf.compiler.resolve.analysis import Clone

if TYPE_CHECKING:
    from tinybpf.compiler.resolve.body import Body

_PURE = ("len", "cap", "min", "max", "ssa:wrapnilchk")


def check(body: Body, instr: ssa.Call, callee: Clone) -> None:
    """``Refused`` where the callee may write what was read before it and is used after it."""
    if not writes(body, callee):
        return
    b, at = body.clone.uses.place[instr.id]
    block = body.fn.blocks[b].instrs
    for load in _pending(block, at):
        if not _private(body, load.x):
            name = body.r.doc.functions[callee.fn].name
            raise Refused(
                load.pos,
                f"what is read here might be written by the call of {name} in the same statement (line "
                f"{instr.pos.line}, column {instr.pos.col}): Go leaves open which comes first",
                HINT,
            )


def _pending(block: list[ssa.Instruction], at: int) -> Iterator[ssa.UnOp]:
    """The reads before place ``at`` on which something after it depends."""
    needed: set[int] = set()
    for instr in block[at + 1 :]:
        needed.update(operands(instr))
    for instr in reversed(block[:at]):
        if getattr(instr, "id", None) in needed:
            if isinstance(instr, ssa.UnOp) and instr.operator == "*":
                yield instr
            if not isinstance(instr, (ssa.Call, ssa.Alloc)):
                needed.update(operands(instr))


def _private(body: Body, address: int) -> bool:
    """Whether it is a variable that is only read and assigned, by this function."""
    uses = body.clone.uses
    made = uses.made_by.get(address)
    while isinstance(made, ssa.FieldAddr):
        address, made = made.x, uses.made_by.get(made.x)
    return isinstance(made, ssa.Alloc) and _only_used(body.fn, uses, address)


def _only_used(fn: ssa.Function, uses: Uses, address: int) -> bool:
    for b, i in uses.of(address):
        user = fn.blocks[b].instrs[i]
        if isinstance(user, ssa.FieldAddr):
            if not _only_used(fn, uses, user.id):
                return False
        elif not isinstance(user, ssa.UnOp) and not (isinstance(user, ssa.Store) and user.value != address):
            return False
    return True


def writes(body: Body, clone: Clone) -> bool:
    """Whether a function may write anything but variables of its own."""
    known = body.r.writing.get(clone)
    if known is None:
        body.r.writing[clone] = True  # where it comes back to itself
        known = body.r.writing[clone] = any(_writes(body, clone, i) for i in instructions(clone.body))
    return known


def _writes(body: Body, clone: Clone, instr: ssa.Instruction) -> bool:
    if isinstance(instr, ssa.Store):
        made = clone.uses.made_by.get(instr.addr)
        while isinstance(made, (ssa.FieldAddr, ssa.IndexAddr)):
            made = clone.uses.made_by.get(made.x)
        return not isinstance(made, ssa.Alloc)
    if not isinstance(instr, ssa.Call):
        return False
    target = clone.body.values[instr.fn] if instr.fn < len(clone.body.values) else None
    if isinstance(target, ssa.Builtin):
        return target.name not in _PURE
    found = clone.targets.get(instr.id, {}).values()
    return not found or any(not c.body.blocks or writes(body, c) for c in found)
