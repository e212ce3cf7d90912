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
from tinybpf.compiler.lower.callbacks import callback_of, calls_back
from tinybpf.compiler.lower.pointsto import Place, PointsTo
from tinybpf.compiler.lower.walk import operands, result
from tinybpf.compiler.resolve import ops

Report = Callable[[ssa.Pos, str, str], None]
Access = tuple[frozenset[Place], tuple[tuple[int, int], ...]]
"""Where a load or store may go, and the fields that lead there from the outermost struct."""

HINT = "assign one of the two to a variable in a statement before"

_COMPUTED = (
    ssa.BinOp, ssa.ChangeType, ssa.Convert, ssa.FieldAddr, ssa.FieldOp, ssa.Index, ssa.IndexAddr,
    ssa.SliceOp, ssa.SliceToArrayPointer, ssa.UnOp, ops.Captured,
)  # fmt: skip
"""What hands on what it was made of; a call's result does not, for calls are ordered."""


_SOMEWHERE = Place("kernel")
_OF_A_MAP = -2

_LITERALS = ("complit", "slicelit", "varargs", ops.BOXED, ops.INTERFACE)


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
                if type(instr) is ssa.Store:
                    yield from self._visible(f, self._access(f, instr.addr))
                elif type(instr) is ssa.Call:
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
            given = self._given(f, call)
            seen = [
                (frozenset(p for p in a[0] if p.kind != "local" or p in given), a[1])
                for a in self._effects[target.index]
            ]
            return [a for a in seen if a[0]]
        if calls_back(self.doc, fn, call):
            found = callback_of(fn, self.points.uses[f], call.args[-1])
            return list(self._effects.get(found[0], ())) if found is not None else []
        places = frozenset(self._merged(self._written(f, fn, call)))
        return [(places, ())] if places else []

    def _given(self, f: int, call: ssa.Call) -> set[Place]:
        """The variables that a call can reach: no address of a local variable comes by another way."""
        found: set[Place] = set()
        work = [p for x in call.args for p in self.points.value(f, x)]
        while work:
            place = work.pop()
            if place not in found:
                found.add(place)
                work.extend(self.points.contents(place))
        return found

    def _calls(self, f: int) -> Iterator[ssa.Call]:
        return (call for call, _ in self.points.callees(f))

    def _access(self, f: int, address: int) -> Access:
        made_by = self.points.uses[f].made_by
        places = frozenset(self._merged(self.points.value(f, address)))
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

    def _merged(self, places: set[Place]) -> set[Place]:
        """Two lookups in one map may give the same value: the values of a map are one place here."""
        return {self._memory(p) if p.kind == "kernel" else p for p in places if p.kind != "nil"}

    def _memory(self, place: Place) -> Place:
        """Of the kernel's memory: the values of which map, where the call that gave it names one."""
        if place.function < 0:
            return place
        call = self.points.uses[place.function].made_by[place.id]
        assert isinstance(call, ssa.Call)
        maps = [p for x in call.args[:1] for p in self.points.value(place.function, x) if p.kind == "global"]
        return Place("kernel", _OF_A_MAP, maps[0].id) if len(maps) == 1 else _SOMEWHERE

    # what is read before and used after

    def _function(self, f: int) -> None:
        fn = self.doc.functions[f]
        for b, block in enumerate(fn.blocks):
            last = self._last_uses(f, block)
            ending: dict[int, list[int]] = {}
            for value, at in last.items():
                ending.setdefault(at, []).append(value)
            live: set[int] = set()
            for at, instr in enumerate(block.instrs):
                live.difference_update(ending.get(at, ()))
                if type(instr) is ssa.Call:
                    effects = self._call_effects(f, instr)
                    if effects:
                        self._across(f, instr, effects, live | self._used_beyond(fn, b))
                number = result(instr)
                if number is not None and last.get(number, at) > at:
                    live.add(number)

    def _last_uses(self, f: int, block: ssa.Block) -> dict[int, int]:
        """Where each value is used last in a block; what is in a literal, where the literal is."""
        last = {x: at for at, instr in enumerate(block.instrs) for x in operands(instr)}
        for instr in reversed(block.instrs):
            if type(instr) is ssa.Store:
                literal = self._literal(f, instr.addr)
                if literal in last:
                    last[instr.value] = max(last[instr.value], last[literal])
            elif type(instr) is ssa.UnOp and instr.operator == "*" and instr.id in last:
                literal = self._literal(f, instr.x)
                if literal in last:
                    last[literal] = max(last[literal], last[instr.id])
        return last

    def _literal(self, f: int, address: int) -> int | None:
        """The literal without a name that an address is a part of."""
        made = self.points.uses[f].made_by.get(address)
        while isinstance(made, (ssa.FieldAddr, ssa.IndexAddr)):
            made = self.points.uses[f].made_by.get(made.x)
        return made.id if isinstance(made, ssa.Alloc) and made.comment in _LITERALS else None

    def _used_beyond(self, fn: ssa.Function, b: int) -> set[int]:
        """What is used where ``&&`` and ``||`` come together again, of a call on their right side."""
        if fn.blocks[b].comment != "binop.rhs":
            return set()
        seen: set[int] = set()
        work = list(fn.blocks[b].succs)
        while work:
            at = work.pop()
            if at not in seen and fn.blocks[at].comment in ("binop.rhs", "binop.done"):
                seen.add(at)
                work.extend(fn.blocks[at].succs)
        inside = {n for at in (b, *seen) for i in fn.blocks[at].instrs if (n := result(i)) is not None}
        return {x for at in seen for i in fn.blocks[at].instrs for x in operands(i)} - inside

    def _across(self, f: int, call: ssa.Call, effects: list[Access], values: set[int]) -> None:
        """Report what the values were read from, where the call may write it."""
        for load in self._loads(f, values, self.points.uses[f].place[call.id]):
            access = self._access(f, load.x)
            if any(_overlap(access, effect) for effect in effects):
                self.report(
                    load.pos,
                    f"{self._name(access)} is read here and written by the call of {self._callee(f, call)} "
                    f"in the same statement (line {call.pos.line}, column {call.pos.col}): Go leaves open "
                    "which comes first",
                    HINT,
                )

    def _loads(self, f: int, values: set[int], call: tuple[int, int]) -> list[ssa.UnOp]:
        """The reads before the call that values depend on."""
        uses = self.points.uses[f]
        seen: set[int] = set()
        work = sorted(values)
        found = []
        while work:
            number = work.pop()
            made, place = uses.made_by.get(number), uses.place.get(number)
            if number in seen or place is None or not isinstance(made, _COMPUTED):
                continue
            seen.add(number)
            if (
                isinstance(made, ssa.UnOp)
                and made.operator == "*"
                and not (place[0] == call[0] and place > call)
            ):
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
        fields = [self.points.types.struct(struct).fields[field].name for struct, field in access[1]]
        return ".".join([self._variable(access[0]), *fields])

    def _variable(self, places: frozenset[Place]) -> str:
        for place in sorted(places, key=repr):
            if place.kind == "global":
                return self.doc.globals[place.id].name
            if place.kind == "kernel" and place.function == _OF_A_MAP:
                return f"a value of map {self.doc.globals[place.id].name}"
            if place.kind == "local":
                made = self.points.uses[place.function].made_by[place.id]
                return (made.comment if isinstance(made, ssa.Alloc) else "") or "a variable"
        return "memory"


def _overlap(x: Access, y: Access) -> bool:
    """Whether two accesses may meet: not in different fields of one struct."""
    if not (x[0] & y[0] or (_SOMEWHERE in x[0] and _kernel(y)) or (_SOMEWHERE in y[0] and _kernel(x))):
        return False
    for (struct, field), (other_struct, other_field) in zip(x[1], y[1], strict=False):
        if struct != other_struct:
            return True
        if field != other_field:
            return False
    return True


def _kernel(access: Access) -> bool:
    return any(p.kind == "kernel" for p in access[0])
