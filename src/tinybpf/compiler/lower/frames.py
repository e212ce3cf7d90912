"""What the verifier lets no function do with its caller's stack or the context: such a one is inlined.

A subprogram may read and write variables of its callers, but neither return the address of one nor
store it in another ("cannot return stack pointer to the caller", "cannot spill pointers to stack
into stack frame of the caller"). It may be given the context, but not a part of it ("dereference of
modified ctx ptr").
"""

from __future__ import annotations

from collections.abc import Iterable

from tinybpf.compiler import ssa
from tinybpf.compiler.lower.pointsto import CONTEXT, Place, PointsTo
from tinybpf.compiler.lower.walk import instructions, result


def must_inline(points: PointsTo, index: int, parts: bool) -> bool:
    """Whether the function does one of these; ``parts``: what ``context_parts_travel`` says."""
    fn = points.doc.functions[index]
    if parts and any(CONTEXT in points.value(index, n) for n in range(fn.params)):
        return True
    return any(_hands_back(points, index, fn, instr) for instr in instructions(fn))


def context_parts_travel(points: PointsTo, functions: Iterable[int]) -> bool:
    """Whether the address of a part of the context is used for more than an access where it is made."""
    return any(
        _part(points, f, instr) and _travels(points, f, instr)
        for f in functions
        for instr in instructions(points.doc.functions[f])
    )


def _part(points: PointsTo, f: int, instr: ssa.Instruction) -> bool:
    if type(instr) is ssa.FieldAddr:
        struct = points.types.elem(points.uses[f].type_of[instr.x])
        moved = points.types.struct(struct).fields[instr.field].offset > 0
    elif type(instr) is ssa.Convert:
        moved = points.types.is_uintptr(points.uses[f].type_of[instr.x])
    else:
        moved = type(instr) is ssa.IndexAddr or type(instr) is ssa.SliceOp
    number = result(instr) if moved else None
    return number is not None and CONTEXT in points.value(f, number)


def _travels(points: PointsTo, f: int, instr: ssa.Instruction) -> bool:
    number = result(instr)
    assert number is not None
    users = (points.doc.functions[f].blocks[b].instrs[i] for b, i in points.uses[f].of(number))
    return any(
        _travels(points, f, user)
        if isinstance(user, (ssa.FieldAddr, ssa.IndexAddr, ssa.Convert, ssa.ChangeType))
        else not (isinstance(user, ssa.UnOp) or (isinstance(user, ssa.Store) and user.addr == number))
        for user in users
    )


def _hands_back(points: PointsTo, index: int, fn: ssa.Function, instr: ssa.Instruction) -> bool:
    if type(instr) is ssa.Return:
        return any(_callers(points.value(index, x), index) for x in instr.results)
    if type(instr) is ssa.Store:
        return _keeps(points.value(index, instr.value), points.value(index, instr.addr), index)
    if type(instr) is ssa.Call and instr.fn < len(fn.values):
        target = fn.values[instr.fn]
        if isinstance(target, ssa.Builtin) and target.name in ("append", "copy"):
            held = {p for place in points.value(index, instr.args[1]) for p in points.contents(place)}
            return _keeps(held, points.value(index, instr.args[0]), index)
    return False


def _keeps(value: set[Place], target: set[Place], index: int) -> bool:
    return _callers(value, index) and _callers(target, index)


def _callers(places: set[Place], index: int) -> bool:
    return any(p.kind == "local" and p.function != index for p in places)
