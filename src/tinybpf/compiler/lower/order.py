"""Expressions whose value depends on an order that Go leaves open.

``x + f()`` where ``f`` writes ``x``: the specification orders calls among each other, but not the
reading of a variable and a call. gc reads ``x`` after the call, go/ssa before. Such an expression
is refused, with both places, so that it means the same everywhere.

In go/ssa's naive form each variable is read where it is used, so that a value that was read
before a call and is used after it belongs to one expression or assignment.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tinybpf.compiler import ssa
from tinybpf.compiler.lower.pointsto import Place, PointsTo
from tinybpf.compiler.lower.walk import callees, operands, result

Report = Callable[[ssa.Pos, str, str], None]
Access = tuple[frozenset[Place], tuple[tuple[int, int], ...]]
"""Where a load or store may go, and the fields that lead there from the outermost struct."""

HINT = "assign one of the two to a variable in a statement before"

_COMPUTED = (
    ssa.BinOp, ssa.ChangeType, ssa.Convert, ssa.FieldAddr, ssa.FieldOp, ssa.Index, ssa.IndexAddr,
    ssa.SliceOp, ssa.SliceToArrayPointer, ssa.UnOp,
)  # fmt: skip
"""What hands on what it was made of; a call's result does not, for calls are ordered."""


class OrderCheck:
    """``written`` tells the places that a call of a helper or a built-in function writes."""

    def __init__(
        self,
        doc: ssa.Document,
        points: PointsTo,
        functions: list[int],
        written: Callable[[int, ssa.Function, ssa.Call], set[Place]],
        report: Report,
    ) -> None:
        self.doc = doc
        self.points = points
        self.report = report
        self._written = written
        self._effects: dict[int, list[Access]] = {}
        for f in functions:  # callees first
            self._effects[f] = list(dict.fromkeys(self._writes(f)))
        for f in functions:
            if any(self._call_effects(f, call) for call in self._calls(f)):
                self._function(f)

    # what is written

    def _writes(self, f: int) -> Iterator[Access]:
        """The accesses of a function that its callers can see."""
        for block in self.doc.functions[f].blocks:
            for instr in block.instrs:
                if isinstance(instr, ssa.Store):
                    yield from self._visible(f, self._access(f, instr.addr))
                elif isinstance(instr, ssa.Call):
                    for access in self._call_effects(f, instr):
                        yield from self._visible(f, access)

    def _visible(self, f: int, access: Access) -> Iterator[Access]:
        places = frozenset(p for p in access[0] if p.kind != "local" or p.function != f)
        if places:
            yield places, access[1]

    def _call_effects(self, f: int, call: ssa.Call) -> list[Access]:
        fn = self.doc.functions[f]
        target = fn.values[call.fn] if call.fn < len(fn.values) else None
        if isinstance(target, ssa.FuncRef) and target.index in self._effects:
            return self._effects[target.index]
        places = frozenset(_merged(self._written(f, fn, call)))
        return [(places, ())] if places else []

    def _calls(self, f: int) -> Iterator[ssa.Call]:
        return (call for call, _ in callees(self.doc.functions[f]))

    def _access(self, f: int, address: int) -> Access:
        made_by = self.points.uses[f].made_by
        places = frozenset(_merged(self.points.value(f, address)))
        path: list[tuple[int, int]] = []
        made = made_by.get(address)
        while isinstance(made, (ssa.FieldAddr, ssa.IndexAddr)):
            if isinstance(made, ssa.IndexAddr):
                path.clear()  # which element is not known; what it is part of may be
            else:
                struct = self.points.types.elem(self.points.uses[f].type_of[made.x])
                path.insert(0, (struct, made.field))
            made = made_by.get(made.x)
        return places, tuple(path)

    # what is read before and used after

    def _function(self, f: int) -> None:
        for block in self.doc.functions[f].blocks:
            for at, instr in enumerate(block.instrs):
                effects = self._call_effects(f, instr) if isinstance(instr, ssa.Call) else []
                if effects and isinstance(instr, ssa.Call):
                    self._across(f, block, at, instr, effects)

    def _across(self, f: int, block: ssa.Block, at: int, call: ssa.Call, effects: list[Access]) -> None:
        """Report what was read before the call, may be written by it, and is used after it."""
        before = {number for i in block.instrs[:at] if (number := result(i)) is not None}
        after = {x for i in block.instrs[at + 1 :] for x in operands(i) if x in before}
        for load in self._loads(f, after, before):
            access = self._access(f, load.x)
            if any(_overlap(access, effect) for effect in effects):
                name = self._callee(f, call)
                self.report(
                    load.pos,
                    f"{self._name(access)} is read here and written by the call of {name} in the same statement "
                    f"(line {call.pos.line}, column {call.pos.col}): Go leaves open which comes first",
                    HINT,
                )

    def _loads(self, f: int, values: set[int], before: set[int]) -> list[ssa.UnOp]:
        """The reads that values depend on, as far as they stand in the same block."""
        made_by = self.points.uses[f].made_by
        seen: set[int] = set()
        work = sorted(values)
        found = []
        while work:
            number = work.pop()
            made = made_by.get(number)
            if number in seen or number not in before or not isinstance(made, _COMPUTED):
                continue
            seen.add(number)
            if isinstance(made, ssa.UnOp) and made.operator == "*":
                found.append(made)
            work.extend(operands(made))
        return sorted(found, key=lambda load: load.id)

    # words

    def _callee(self, f: int, call: ssa.Call) -> str:
        target = self.doc.functions[f].values[call.fn]
        if isinstance(target, ssa.FuncRef):
            return self.doc.functions[target.index].name
        return target.name if isinstance(target, ssa.Builtin) else "a function"

    def _name(self, access: Access) -> str:
        for place in sorted(access[0], key=repr):
            if place.kind == "global":
                return self.doc.globals[place.id].name
            if place.kind == "local":
                made = self.points.uses[place.function].made_by[place.id]
                assert isinstance(made, ssa.Alloc)
                return made.comment or "a variable"
        return "memory"


def _merged(places: set[Place]) -> set[Place]:
    """Two lookups may give the same map value: memory of the kernel's is one place here."""
    return {Place("kernel") if p.kind == "kernel" else p for p in places if p.kind != "nil"}


def _overlap(x: Access, y: Access) -> bool:
    """Whether two accesses may meet: not in different fields of one struct."""
    if not x[0] & y[0]:
        return False
    for (struct, field), (other_struct, other_field) in zip(x[1], y[1], strict=False):
        if struct != other_struct:
            return True
        if field != other_field:
            return False
    return True
