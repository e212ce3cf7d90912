"""What the verifier does not let a function do with its caller's stack, so that it must be inlined.

A subprogram may read and write variables of its callers, but neither return the address of one nor
store it in another ("cannot return stack pointer to the caller", "cannot spill pointers to stack
into stack frame of the caller").
"""

from __future__ import annotations

from tinybpf.compiler import ssa
from tinybpf.compiler.lower.pointsto import Place, PointsTo
from tinybpf.compiler.lower.walk import instructions


def must_inline(points: PointsTo, index: int) -> bool:
    """Whether the function hands addresses of its callers' variables back to them."""
    fn = points.doc.functions[index]
    return any(_hands_back(points, index, fn, instr) for instr in instructions(fn))


def _hands_back(points: PointsTo, index: int, fn: ssa.Function, instr: ssa.Instruction) -> bool:
    if isinstance(instr, ssa.Return):
        return any(_callers(points.value(index, x), index) for x in instr.results)
    if isinstance(instr, ssa.Store):
        return _keeps(points.value(index, instr.value), points.value(index, instr.addr), index)
    if isinstance(instr, ssa.Call) and instr.fn < len(fn.values):
        target = fn.values[instr.fn]
        if isinstance(target, ssa.Builtin) and target.name == "copy":
            held = {p for place in points.value(index, instr.args[1]) for p in points.contents(place)}
            return _keeps(held, points.value(index, instr.args[0]), index)
    return False


def _keeps(value: set[Place], target: set[Place], index: int) -> bool:
    return _callers(value, index) and _callers(target, index)


def _callers(places: set[Place], index: int) -> bool:
    return any(p.kind == "local" and p.function != index for p in places)
