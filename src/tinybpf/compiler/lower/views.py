"""``string(b)``: where the bytes themselves may stand for a copy of them.

They may where nothing writes them between the conversion and the last use of the string. What is
followed is the string itself, its parts, and the variables that hold it; where it goes elsewhere
(into a struct, to a function that keeps it), the bytes may stand for it only if no part of the program ever
writes them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from tinybpf.compiler import ssa, typed
from tinybpf.compiler.lower.pointsto import Place, PointsTo
from tinybpf.compiler.lower.printk import printed
from tinybpf.compiler.lower.walk import Uses, instructions, reaches
from tinybpf.compiler.lower.writes import Writes

At = tuple[int, int]
"""A place in a function: block, and instruction in it."""

_OUTSIDE = ("kernel", "integer")
_ANYTHING = Place("anything")


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
        self._callers: dict[int, list[tuple[int, int] | None]] | None = None

    def is_view(self, f: int, conversion: ssa.Convert) -> bool:
        return self.writer(f, conversion) is None

    def makes_nothing(self, place: Place) -> bool:
        """Whether a place is that of a string which only looks at the bytes that it is made of."""
        made = self.points.uses[place.function].made_by[place.id] if place.kind == "local" else None
        if not isinstance(made, ssa.Convert):
            return False
        from_bytes = self.points.types.is_slice(self.points.uses[place.function].type_of[made.x])
        return from_bytes and self.is_view(place.function, made)

    def writer(self, f: int, conversion: ssa.Convert) -> ssa.Pos | None:
        """Where the bytes may be written while the string is in use; None where they are not."""
        key = (f, conversion.id)
        if key not in self._known:
            self._known[key] = self._find(f, conversion)
        return self._known[key]

    def _find(self, f: int, conversion: ssa.Convert) -> ssa.Pos | None:
        bytes_ = {p for p in self.points.value(f, conversion.x) if p.kind != "nil"}
        try:
            traces = self._follow(f, conversion.id, bytes_)
        except _Travels:
            return self._written_anywhere(bytes_)
        for g, start, reads in traces:
            pos = self._written_before(g, start, reads, bytes_)
            if pos is not None:
                return pos
        return None

    def _follow(self, f: int, value: int, bytes_: set[Place]) -> list[tuple[int, At, list[Read]]]:
        """Where a string begins in a function, and is looked at; then the same where it is returned to."""
        found, known = [], set()
        work = [(f, value)]
        while work:
            at = work.pop()
            if at in known:
                continue
            known.add(at)
            fn, uses = self.doc.functions[at[0]], self.points.uses[at[0]]
            held: set[int] = set()
            reads = list(self._reads(at[0], fn, uses, bytes_, at[1], held))
            found.append((at[0], uses.place[at[1]], reads))
            results = {
                n
                for instr in instructions(fn)
                if isinstance(instr, ssa.Return)
                for n, x in enumerate(instr.results)
                if x in held
            }
            work += [result for n in results for result in self._returned_to(at[0], n)]
        return found

    def _returned_to(self, function: int, n: int) -> Iterator[tuple[int, int]]:
        """The values that result ``n`` of a function becomes."""
        if self._callers is None:
            self._callers = _callers(self.doc, self.points, self._functions)
        calls = self._callers.get(function, [])
        if None in calls:
            raise _Travels
        for call in calls:
            assert call is not None
            uses, fn = self.points.uses[call[0]], self.doc.functions[call[0]]
            if not isinstance(self.points.types.under(uses.type_of[call[1]]), ssa.Tuple):
                yield call
                continue
            for b, i in uses.of(call[1]):
                part = fn.blocks[b].instrs[i]
                if isinstance(part, ssa.Extract) and part.index == n:
                    yield call[0], part.id

    def _written_before(self, f: int, start: At, reads: list[Read], bytes_: set[Place]) -> ssa.Pos | None:
        """Where a function writes the bytes between ``start`` and one of the reads."""
        fn = self.doc.functions[f]
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
                elif isinstance(instr, ssa.RunDefers):
                    yield (b, i), instr.pos, False

    def _by_call(self, f: int, fn: ssa.Function, call: ssa.Call) -> set[Place]:
        target = fn.values[call.fn] if call.fn < len(fn.values) else None
        if isinstance(target, ssa.FuncRef) and self.doc.functions[target.index].blocks:
            return self._below(target.index)
        if not isinstance(target, (ssa.Builtin, ssa.FuncRef)):
            return {_ANYTHING}
        written = self.writes.by_call(f, fn, call)
        if isinstance(target, ssa.FuncRef) and typed.computes(
            typed.builtin(self.doc.functions[target.index])
        ):
            return written
        if isinstance(target, ssa.FuncRef) and call.args:
            written = written | {Place("kernel")}  # a helper may change any map's values, or call back
            for x in call.args:
                written |= self.points.value(f, x)
        return written | self._called_back(fn) if isinstance(target, ssa.FuncRef) else written

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
            elif not isinstance(user, (ssa.BinOp, ssa.Index, ssa.Convert, ssa.Return)):
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
            for _, callee in self.points.callees(work.pop()):
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
    return bool(x & y) or (_outside(x) and _outside(y)) or (_ANYTHING in x and bool(y))


def _outside(places: set[Place]) -> bool:
    return any(p.kind in _OUTSIDE for p in places)


def _callers(
    doc: ssa.Document, points: PointsTo, functions: Sequence[int]
) -> dict[int, list[tuple[int, int] | None]]:
    """By function: the calls of it, and None where it is a value, which anybody may call."""
    found: dict[int, list[tuple[int, int] | None]] = {}
    for f in functions:
        fn, uses = doc.functions[f], points.uses[f]
        for number, value in enumerate(fn.values):
            if not isinstance(value, ssa.FuncRef):
                continue
            for b, i in uses.of(number):
                user = fn.blocks[b].instrs[i]
                direct = isinstance(user, ssa.Call) and user.fn == number and number not in user.args
                call = (f, user.id) if isinstance(user, ssa.Call) and direct else None
                found.setdefault(value.index, []).append(call)
    return found
