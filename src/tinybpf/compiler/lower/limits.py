"""Loops that end at one of two limits, one of them a constant: ``i < n && i < 5``.

Where LLVM knows that ``n`` is below 5, since it is ``x % 3``, it leaves the constant out, and the verifier,
which does not know it, sees no end. So LLVM must not know more about ``n`` than it sees in the loop.
"""

from __future__ import annotations

from collections import defaultdict

from tinybpf.compiler import ssa
from tinybpf.compiler.lower.exact import COMPARISONS
from tinybpf.compiler.lower.views import plain
from tinybpf.compiler.lower.walk import Uses, instructions


def other_limits(fn: ssa.Function, uses: Uses) -> dict[int, int]:
    """By comparison of a counter that a constant is a limit of, too: the number that LLVM must not know."""
    constants: set[int] = set()
    others: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for instr in instructions(fn):
        if type(instr) is not ssa.BinOp or instr.operator not in COMPARISONS:
            continue
        for x, limit in ((instr.x, instr.y), (instr.y, instr.x)):
            loaded = uses.made_by.get(x)
            if not isinstance(loaded, ssa.UnOp) or loaded.operator != "*":
                continue
            if limit < len(fn.values) and isinstance(fn.values[limit], ssa.ConstInt):
                constants.add(loaded.x)
            elif instr.operator not in ("==", "!="):
                others[loaded.x].append((instr.id, limit))
    counters = (v for v in constants & others.keys() if _counts(fn, uses, v))
    return {comparison: limit for variable in counters for comparison, limit in others[variable]}


def _counts(fn: ssa.Function, uses: Uses, variable: int) -> bool:
    """Whether a variable is one that goes up or down, and that nobody has the address of."""
    if not isinstance(uses.made_by.get(variable), ssa.Alloc) or not plain(fn, uses, variable):
        return False
    for b, i in uses.of(variable):
        store = fn.blocks[b].instrs[i]
        made = uses.made_by.get(store.value) if isinstance(store, ssa.Store) else None
        if isinstance(made, ssa.BinOp) and made.operator in ("+", "-"):
            before = uses.made_by.get(made.x)
            if isinstance(before, ssa.UnOp) and before.x == variable:
                return True
    return False
