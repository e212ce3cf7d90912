"""``string(b)``: where the bytes themselves may stand for a copy of them.

They may where nothing writes them between the conversion and the last use of the string. What is
followed is the string itself, its parts, and the variables that hold it; where it goes elsewhere
(into a struct, out of the function), the bytes may stand for it only if no part of the program ever
writes them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from tinybpf.compiler import ssa, typed
from tinybpf.compiler.lower.pointsto import Place, PointsTo
from tinybpf.compiler.lower.printk import printed
from tinybpf.compiler.lower.walk import Uses, callees, instructions, reaches
from tinybpf.compiler.lower.writes import Writes

At = tuple[int, int]
"""A place in a function: block, and instruction in it."""

_OUTSIDE = ("kernel", "integer")


class Read(msgspec.Struct, frozen=True):
    """Where a string is looked at, and where it is made anew, so that an earlier one is not meant."""

    at: At
    anew: frozenset[At]


class _Travels(Exception):
    """The string goes where it is not followed."""


def plain(fn: ssa.Function, uses: Uses, variable: int) -> bool:
    """Whether a variable is only read and assigned: nothing else has its address."""
    for b, i in uses.of(variable):
        user = fn.blocks[b].instrs[i]
        if isinstance(user, ssa.Store):
            if user.value == variable:
                return False
        elif not isinstance(user, ssa.UnOp):
            return False
    return True


class Views:
    """Asked of the conversions in the functions that a program reaches."""

    def __init__(self, points: PointsTo, functions: Sequence[int], writes: Writes) -> None:
        self.points = points
        self.doc = points.doc
        self.writes = writes
        self._functions = functions
        self._known: dict[tuple[int, int], ssa.Pos | None] = {}
        self._written: dict[int, set[Place]] = {}

    def is_view(self, f: int, conversion: ssa.Convert) -> bool:
        return self.writer(f, conversion) is None

    def writer(self, f: int, conversion: ssa.Convert) -> ssa.Pos | None:
        """Where the bytes may be written while the string is in use; None where they are not."""
        key = (f, conversion.id)
        if key not in self._known:
            self._known[key] = self._find(f, conversion)
        return self._known[key]

    def _find(self, f: int, conversion: ssa.Convert) -> ssa.Pos | None:
        bytes_ = {p for p in self.points.value(f, conversion.x) if p.kind != "nil"}
        fn, uses = self.doc.functions[f], self.points.uses[f]
        try:
            reads = list(self._reads(f, fn, uses, bytes_, conversion.id, set()))
        except _Travels:
            return self._written_anywhere(bytes_)
        start = uses.place[conversion.id]
        for at, pos, both in self._writers(f, fn, bytes_):
            if not reaches(fn, start, {at}, set()):
                continue
            if (both and any(r.at == at for r in reads)) or any(
                reaches(fn, at, {r.at}, set(r.anew) - {r.at}) for r in reads
            ):
                return pos
        return None

    # who writes

    def _writers(self, f: int, fn: ssa.Function, bytes_: set[Place]) -> Iterator[tuple[At, ssa.Pos, bool]]:
        """What may write the bytes; with it, whether it may read the string at the same time."""
        for b, block in enumerate(fn.blocks):
            for i, instr in enumerate(block.instrs):
                if isinstance(instr, ssa.Store):
                    if _meet(self.points.value(f, instr.addr), bytes_):
                        yield (b, i), instr.pos, False
                elif isinstance(instr, ssa.Call) and _meet(self._by_call(f, fn, instr), bytes_):
                    builtin = instr.fn < len(fn.values) and isinstance(fn.values[instr.fn], ssa.Builtin)
                    yield (b, i), instr.pos, not builtin

    def _by_call(self, f: int, fn: ssa.Function, call: ssa.Call) -> set[Place]:
        target = fn.values[call.fn] if call.fn < len(fn.values) else None
        if isinstance(target, ssa.FuncRef) and self.doc.functions[target.index].blocks:
            return self._below(target.index)
        written = self.writes.by_call(f, fn, call)
        if isinstance(target, ssa.FuncRef) and typed.computes(
            typed.builtin(self.doc.functions[target.index])
        ):
            return written
        if isinstance(target, ssa.FuncRef) and call.args:
            written = written | {Place("kernel")}  # a helper may change any map's values, or call back
            for x in call.args:
                written |= self.points.value(f, x)
        return written if not isinstance(target, ssa.FuncRef) else written | self._called_back(fn)

    def _called_back(self, fn: ssa.Function) -> set[Place]:
        """What the function literals of a function write."""
        found: set[Place] = set()
        for value in fn.values:
            if isinstance(value, ssa.FuncRef) and self.doc.functions[value.index].blocks:
                found |= self._below(value.index)
        return found

    def _below(self, function: int) -> set[Place]:
        """The places that a function and what it calls write."""
        if function not in self._written:
            self._written[function] = set()
            fn, found = self.doc.functions[function], set()
            for instr in instructions(fn):
                if isinstance(instr, ssa.Store):
                    found |= self.points.value(function, instr.addr)
                elif isinstance(instr, ssa.Call):
                    found |= self._by_call(function, fn, instr)
            self._written[function] = found
        return self._written[function]

    def _written_anywhere(self, bytes_: set[Place]) -> ssa.Pos | None:
        for f in self._functions:
            for _, pos, _ in self._writers(f, self.doc.functions[f], bytes_):
                return pos
        return None

    # who reads

    def _reads(
        self, f: int, fn: ssa.Function, uses: Uses, bytes_: set[Place], value: int, seen: set[int]
    ) -> Iterator[Read]:
        if value in seen:
            return
        seen.add(value)
        anew = frozenset({uses.place[value]})
        for b, i in uses.of(value):
            user = fn.blocks[b].instrs[i]
            yield Read((b, i), anew)
            if isinstance(user, (ssa.ChangeType, ssa.SliceOp, ssa.Phi)):
                yield from self._reads(f, fn, uses, bytes_, user.id, seen)
            elif isinstance(user, ssa.Range):
                yield from (Read(at, frozenset({uses.place[user.id]})) for at in uses.of(user.id))
            elif isinstance(user, ssa.Store):
                yield from self._through_variable(f, fn, uses, bytes_, user, seen)
            elif isinstance(user, ssa.Call):
                yield from self._through_call(f, fn, uses, bytes_, user, seen)
            elif isinstance(user, ssa.MakeInterface):
                yield from (Read(at, anew) for at in self._printing(fn, uses, value))
            elif not isinstance(user, (ssa.BinOp, ssa.Index, ssa.Convert)):
                raise _Travels

    def _through_variable(
        self, f: int, fn: ssa.Function, uses: Uses, bytes_: set[Place], store: ssa.Store, seen: set[int]
    ) -> Iterator[Read]:
        variable = store.addr
        if not isinstance(uses.made_by.get(variable), ssa.Alloc) or not plain(fn, uses, variable):
            raise _Travels
        users = uses.of(variable)
        stores = {at for at in users if isinstance(fn.blocks[at[0]].instrs[at[1]], ssa.Store)}
        for at in users:
            load = fn.blocks[at[0]].instrs[at[1]]
            if isinstance(load, ssa.UnOp):
                yield Read(at, frozenset(stores | {uses.place[variable]}))
                yield from self._reads(f, fn, uses, bytes_, load.id, seen)

    def _through_call(
        self, f: int, fn: ssa.Function, uses: Uses, bytes_: set[Place], call: ssa.Call, seen: set[int]
    ) -> Iterator[Read]:
        target = fn.values[call.fn] if call.fn < len(fn.values) else None
        if isinstance(target, ssa.Builtin):
            if target.name in ("max", "min"):
                yield from self._reads(f, fn, uses, bytes_, call.id, seen)
            elif target.name not in ("append", "copy", "len"):
                raise _Travels
            return
        if not isinstance(target, ssa.FuncRef) or self._keeps(target.index, bytes_):
            raise _Travels
        if _meet(self.points.value(f, call.id), bytes_):
            if not self.points.types.is_string(call.type):
                raise _Travels
            yield from self._reads(f, fn, uses, bytes_, call.id, seen)

    def _keeps(self, function: int, bytes_: set[Place]) -> bool:
        """Whether a function may keep a string of the bytes beyond its call."""
        below, work = {function}, [function]
        while work:
            for _, callee in callees(self.doc.functions[work.pop()]):
                if callee not in below:
                    below.add(callee)
                    work.append(callee)
        for g in below:
            for instr in instructions(self.doc.functions[g]):
                if isinstance(instr, ssa.MakeClosure):
                    return True
                if (
                    isinstance(instr, ssa.Store)
                    and _meet(self.points.value(g, instr.value), bytes_)
                    and not all(p.kind == "local" and p.function in below for p in self._targets(g, instr))
                ):
                    return True
        return False

    def _targets(self, g: int, store: ssa.Store) -> set[Place]:
        return self.points.value(g, store.addr)

    def _printing(self, fn: ssa.Function, uses: Uses, value: int) -> list[At]:
        calls = printed(self.doc, fn, uses).arguments
        found = [uses.place[call] for call, given in calls.items() if given and value in given]
        if not found:
            raise _Travels
        return found


def _meet(x: set[Place], y: set[Place]) -> bool:
    """Whether two sets of places may be the same memory: values of a map have many names."""
    return bool(x & y) or (_outside(x) and _outside(y))


def _outside(places: set[Place]) -> bool:
    return any(p.kind in _OUTSIDE for p in places)
