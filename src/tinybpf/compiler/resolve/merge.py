"""Clones that come out the same: written once.

Two calls that hand in the same function, or interfaces of the same types, need no function each. What
makes function values of its own is left alone: these are told apart by the clone that made them.
"""

from __future__ import annotations

from collections.abc import Iterator

from tinybpf.compiler import ssa
from tinybpf.compiler.lower.walk import instructions, operands
from tinybpf.compiler.resolve.analysis import NIL, Analysis, Clone, Dyn


def merged(a: Analysis, inlined: set[Clone]) -> dict[Clone, Clone]:
    """By clone, the one that stands for it; those that stand for themselves are left out."""
    first: dict[object, Clone] = {}
    same: dict[Clone, Clone] = {}
    for clone in reversed(a.clones):  # what a clone calls comes after it
        if clone in inlined or clone.parent is None or not a.carrier(clone.fn) or _makes(clone):
            continue
        stands = first.setdefault((clone.fn, *_decisions(a, clone, same)), clone)
        if stands is not clone:
            same[clone] = stands
    return same


def _makes(clone: Clone) -> bool:
    return any(isinstance(i, ssa.MakeClosure) and i.bindings for i in instructions(clone.body))


def _decisions(a: Analysis, clone: Clone, same: dict[Clone, Clone]) -> Iterator[object]:
    """What of a clone's body depends on what it is handed."""
    for instr in instructions(clone.body):
        if isinstance(instr, ssa.Call):
            found = clone.targets.get(instr.id, {})
            yield frozenset((key, same.get(c, c).number, c.fn) for key, c in found.items())
            yield instr.id in clone.nil_calls
        if isinstance(instr, (ssa.TypeAssert, ssa.BinOp)) or (isinstance(instr, ssa.Call) and instr.method):
            for x in operands(instr):
                for path, _ in a.kinds.leaves(clone.uses.type_of[x]):
                    things = a.things(clone, x, path)
                    yield frozenset(t.type for t in things if isinstance(t, Dyn)), NIL in things
