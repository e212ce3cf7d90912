"""What the source itself says of an index: where no check is needed, as the verifier sees the bound, too.

LLVM knows more of a value than the verifier, so what LLVM finds does not count. What counts: a byte that
was just read, and the counter of a loop between constants, whose every turn the verifier walks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tinybpf.compiler import ssa
from tinybpf.compiler.lower.walk import Uses

if TYPE_CHECKING:
    from tinybpf.compiler.lower.pointsto import PointsTo
    from tinybpf.compiler.lower.types import Types

NARROW = 16
"""Bits of the widest type whose every value is small enough to index something."""
STEP = 1 << 10
"""In steps up to this, no program that the verifier takes comes to the end of a 32-bit number."""


class Bounds:
    """Asked of one function's values."""

    def __init__(self, points: PointsTo, index: int) -> None:
        self._points = points
        self._index = index
        self._fn = points.doc.functions[index]
        self._types: Types = points.types
        self._uses: Uses = points.uses[index]
        self._counters: dict[int, _Counter | None] = {}
        self._asked: set[int] = set()

    def below(self, number: int) -> int | None:
        """A number that the value is below, and not negative; None where nobody can tell."""
        if number < len(self._fn.values):
            value = self._fn.values[number]
            return value.value + 1 if isinstance(value, ssa.ConstInt) and value.value >= 0 else None
        made = self._uses.made_by[number]
        if isinstance(made, (ssa.Convert, ssa.ChangeType)):
            return self._converted(made)
        if isinstance(made, ssa.UnOp) and made.operator == "*":
            return self._loaded(made)
        return self._computed(made) if isinstance(made, ssa.BinOp) else None

    def _computed(self, made: ssa.BinOp) -> int | None:
        """A sum or product with a constant, as far as its type goes."""
        by = _constant(self._fn, made.y)
        known = self.below(made.x) if by is not None and by >= 0 and made.operator in "+*" else None
        if by is None or known is None:
            return None
        known = known + by if made.operator == "+" else (known - 1) * by + 1
        return known if known <= self._room(made.type) else None

    def _room(self, t: int) -> int:
        """How many of a type's values are not negative."""
        return 1 << (self._types.size(t) * 8 - self._types.is_signed(t))

    def _converted(self, made: ssa.Convert | ssa.ChangeType) -> int | None:
        if not self._types.is_int(made.type) or not self._types.is_int(self._uses.type_of[made.x]):
            return None
        known = self.below(made.x)
        return known if known and known <= self._room(made.type) else None

    def _loaded(self, made: ssa.UnOp) -> int | None:
        stores = self._uses.stores(self._fn, made.x)
        if stores is None:
            return self._just_read(made)
        counter = self._counter(made.x, stores)
        if counter is not None and counter.holds_at(self._uses.place[made.id]):
            return counter.limit
        if made.x in self._asked:
            return None
        self._asked.add(made.x)
        found = [self.below(s.value) for s in stores]
        self._asked.discard(made.x)
        return max((n for n in found if n is not None), default=1) if None not in found else None

    def _just_read(self, made: ssa.UnOp) -> int | None:
        """A byte from memory that is not the function's own: LLVM cannot know what it is."""
        if not self._types.is_int(made.type) or self._types.is_signed(made.type):
            return None
        bits = self._types.size(made.type) * 8
        places = self._points.value(self._index, made.x)
        shared = bool(places) and all(p.kind != "local" for p in places)
        return 1 << bits if bits <= NARROW and shared else None

    def _counter(self, cell: int, stores: list[ssa.Store]) -> _Counter | None:
        if cell not in self._counters:
            self._counters[cell] = _Counter.find(self._fn, self._uses, self._types, cell, stores)
        return self._counters[cell]


class _Counter:
    """The variable of a loop that goes up from a constant, in steps of one size, while below ``limit``."""

    def __init__(self, fn: ssa.Function, cell: int, limit: int, tests: set[tuple[int, int]]) -> None:
        """``tests`` are the ways from a block to its successor on which the variable is below."""
        self._fn = fn
        self._cell = cell
        self.limit = limit
        self._stored = [
            [i for i, instr in enumerate(b.instrs) if isinstance(instr, ssa.Store) and instr.addr == cell]
            for b in fn.blocks
        ]
        self._inside = self._spread(tests)

    @classmethod
    def find(
        cls, fn: ssa.Function, uses: Uses, types: Types, cell: int, stores: list[ssa.Store]
    ) -> _Counter | None:
        steps = [s for s in stores if s.value >= len(fn.values)]
        starts = [_constant(fn, s.value) for s in stores if s.value < len(fn.values)]
        if len(steps) != 1 or None in starts:
            return None
        step = _step(fn, uses, cell, steps[0].value)
        first = min((n for n in starts if n is not None), default=0)
        t = uses.type_of[steps[0].value]
        becomes_negative = types.is_signed(t) and types.size(t) < 4
        if step is None or step > STEP or first < -1 or becomes_negative:
            return None
        tests, limit = _tests(fn, uses, cell, steps[0].value, first)
        if len(set(starts)) == 1 and limit > first:
            limit -= (limit - 1 - first) % step  # the last one that the steps come to
        return cls(fn, cell, limit, tests) if tests else None

    def holds_at(self, place: tuple[int, int]) -> bool:
        """Whether the variable is below the limit where an instruction stands."""
        block, at = place
        return self._inside[block] and not any(i < at for i in self._stored[block])

    def _spread(self, tests: set[tuple[int, int]]) -> list[bool]:
        """Whether the variable is below the limit at each block's beginning."""
        blocks = self._fn.blocks
        inside = [bool(b.preds) for b in blocks]
        changed = True
        while changed:
            changed = False
            for n, block in enumerate(blocks):
                if inside[n] and not all(
                    (p, n) in tests or (inside[p] and not self._stored[p]) for p in block.preds
                ):
                    inside[n], changed = False, True
        return inside


def _constant(fn: ssa.Function, number: int) -> int | None:
    value = fn.values[number] if number < len(fn.values) else None
    return value.value if isinstance(value, ssa.ConstInt) else None


def _step(fn: ssa.Function, uses: Uses, cell: int, value: int) -> int | None:
    """By how much the variable goes up."""
    added = uses.made_by[value]
    if not isinstance(added, ssa.BinOp) or added.operator != "+" or not _loads(uses, added.x, cell):
        return None
    step = _constant(fn, added.y)
    return step if step and step > 0 else None


def _loads(uses: Uses, number: int, cell: int) -> bool:
    made = uses.made_by.get(number)
    return isinstance(made, ssa.UnOp) and made.operator == "*" and made.x == cell


def _tests(
    fn: ssa.Function, uses: Uses, cell: int, stepped: int, first: int
) -> tuple[set[tuple[int, int]], int]:
    """The ways on which the variable was found to be below a constant, and the largest such constant."""
    tests: set[tuple[int, int]] = set()
    limit = 0
    for n, block in enumerate(fn.blocks):
        test = block.instrs[-1]
        compared = uses.made_by.get(test.cond) if isinstance(test, ssa.If) else None
        if (
            not isinstance(compared, ssa.BinOp)
            or compared.operator != "<"
            or block.succs[0] == block.succs[1]
        ):
            continue
        top = _constant(fn, compared.y)
        if top is None or not _is_current(fn, uses, n, cell, compared.x, stepped, first):
            continue
        tests.add((n, block.succs[0]))
        limit = max(limit, top)
    return tests, limit


def _is_current(
    fn: ssa.Function, uses: Uses, block: int, cell: int, compared: int, stepped: int, first: int
) -> bool:
    """Whether what is compared at the end of the block is what the variable has there."""
    instrs = fn.blocks[block].instrs
    stored = [i for i, instr in enumerate(instrs) if isinstance(instr, ssa.Store) and instr.addr == cell]
    if compared < len(fn.values):  # the test before a loop over an integer's values, which begin with 0
        return _constant(fn, compared) == 0 and uses.place[cell][0] == block and not stored
    if compared == stepped:
        last = instrs[stored[-1]] if stored else None
        return isinstance(last, ssa.Store) and last.value == stepped
    at = uses.place[compared]
    return (
        first >= 0 and _loads(uses, compared, cell) and at[0] == block and not any(i > at[1] for i in stored)
    )
