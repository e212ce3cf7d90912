"""Which functions become part of their callers at once.

LLVM's inliner would come to much the same, but it simplifies each function by itself before, and what
comes of it again in each caller; a third of the time that LLVM takes goes into that. What is chosen
here is a part of its callers before LLVM looks closer. It decides about the others.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from tinybpf.compiler import ssa
from tinybpf.compiler.lower.walk import instructions
from tinybpf.compiler.resolve import ops

LIMIT = 30
"""The largest weight that is copied into several callers."""

LARGE = 128
"""Bytes of a variable that is large."""

_NOTHING = {
    ssa.UnOp, ssa.Store,
    ssa.Alloc, ssa.Jump, ssa.Return, ssa.ChangeType, ssa.FieldAddr, ssa.Extract, ops.Captured,
}  # fmt: skip
"""Accesses of variables, which mostly are gone in the end, and what makes no code of its own, or none that a
call would not need, too."""


def inlined(
    functions: Sequence[ssa.Function],
    order: Iterable[int],
    calls: Callable[[int], Iterable[tuple[ssa.Call, int]]],
    stays: Callable[[int], bool],
    callbacks: Callable[[int], Iterable[tuple[ssa.Call, int]]],
) -> set[int]:
    """Of the functions in ``order``, callees first: those that are called once, and small ones.

    ``stays`` tells of a function that must not be inlined.
    """
    order = list(order)
    called: dict[int, list[int]] = {i: [f for _, f in calls(i)] for i in order}
    times = Counter(f for i in order for f in called[i])
    times.update(f for i in order for _, f in callbacks(i))
    weights: dict[int, int] = {}
    found: set[int] = set()
    for index in order:
        inside = sum(weights[f] for f in called[index] if f in found)
        weights[index] = inside + sum(1 for i in instructions(functions[index]) if _weighs(i))
        if not stays(index) and (times[index] == 1 or weights[index] <= LIMIT):
            found.add(index)
    return found


def _weighs(instr: ssa.Instruction) -> bool:
    """Whether an instruction is likely to be there in the end: accesses of variables mostly are not."""
    return type(instr) not in _NOTHING
