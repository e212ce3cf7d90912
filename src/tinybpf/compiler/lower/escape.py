"""Pointers to local variables must not outlive them.

A pointer to a local may go down the call chain and come back up to where the local still
lives. It must not be returned beyond, nor be kept in a package variable, a map, the kernel or a
variable that lives longer; nor may the address of a variable made anew in each turn of a loop be
kept past its turn, for all turns share one stack slot.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tinybpf.compiler import ssa
from tinybpf.compiler.lower.pointsto import Place, PointsTo
from tinybpf.compiler.lower.walk import callees, instructions, repeats_without

Report = Callable[[ssa.Pos, str, str], None]

HINT_VALUE = "return or store the value itself, or let the caller pass a pointer to a variable of its own"
HINT_LOOP = "declare the variable outside the loop, or copy its value instead of keeping its address"


class EscapeCheck:
    def __init__(self, doc: ssa.Document, points: PointsTo, functions: list[int], report: Report) -> None:
        self.doc = doc
        self.points = points
        self.report = report
        self._below = {f: self._reached(f) for f in functions}
        for f in functions:
            self._function(f)

    def _reached(self, f: int) -> set[int]:
        seen: set[int] = set()
        work = [f]
        while work:
            for _, callee in callees(self.doc.functions[work.pop()]):
                if callee not in seen:
                    seen.add(callee)
                    work.append(callee)
        return seen

    def _function(self, f: int) -> None:
        fn = self.doc.functions[f]
        for instr in instructions(fn):
            if isinstance(instr, ssa.Return):
                self._return(f, instr)
            elif isinstance(instr, ssa.Store):
                self._store(f, instr)
            elif isinstance(instr, ssa.Call):
                self._call(f, fn, instr)

    def _locals(self, places: set[Place]) -> Iterator[Place]:
        return (p for p in sorted(places, key=lambda p: (p.function, p.id)) if p.kind == "local")

    def _return(self, f: int, instr: ssa.Return) -> None:
        for x in instr.results:
            for place in self._locals(self.points.value(f, x)):
                if place.function == f:
                    self.report(
                        instr.pos,
                        f"address of local variable {self._name(place)} is returned: the variable is gone "
                        "after the return",
                        HINT_VALUE,
                    )
                    return

    def _store(self, f: int, instr: ssa.Store) -> None:
        kept = list(self._locals(self.points.value(f, instr.value)))
        if not kept:
            return
        for target in sorted(self.points.value(f, instr.addr), key=repr):
            for place in kept:
                problem = self._problem(place, target)
                if problem:
                    self.report(instr.pos, *problem)
                    return

    def _problem(self, place: Place, target: Place) -> tuple[str, str] | None:
        """Why the address of ``place`` must not be kept in ``target``."""
        name = self._name(place)
        if target.kind == "global":
            variable = self.doc.globals[target.id].name
            return (
                f"address of local variable {name} is stored in package variable {variable}, which outlives "
                "it",
                HINT_VALUE,
            )
        if target.kind in ("kernel", "integer", "context"):
            return (
                f"address of local variable {name} is stored in memory that outlives it (a map value or "
                "kernel memory)",
                HINT_VALUE,
            )
        if target.kind != "local":
            return None
        if place.function != target.function:
            if target.function in self._below.get(place.function, ()):
                return None
            return (
                f"address of local variable {name} is stored in {self._name(target)}, a variable of the "
                "caller, which outlives it",
                HINT_VALUE,
            )
        fn = self.doc.functions[place.function]
        where = self.points.uses[place.function].place
        if repeats_without(fn, where[place.id][0], where[target.id][0]):
            return (
                f"address of {name}, made anew in each turn of the loop, is kept past its turn in "
                f"{self._name(target)}",
                HINT_LOOP,
            )
        return None

    def _call(self, f: int, fn: ssa.Function, instr: ssa.Call) -> None:
        """A helper copies the memory it is given: no address of a local may be in it."""
        target = fn.values[instr.fn] if instr.fn < len(fn.values) else None
        if not isinstance(target, ssa.FuncRef) or self.doc.functions[target.index].blocks:
            return
        for x in instr.args:
            for held in self.points.value(f, x):
                if held.kind in ("kernel", "nil"):
                    continue
                for place in self._locals(self.points.contents(held)):
                    self.report(
                        instr.pos,
                        f"memory passed to {self.doc.functions[target.index].name} holds the address of "
                        f"local variable {self._name(place)}, which the kernel would keep",
                        HINT_VALUE,
                    )
                    return

    def _name(self, place: Place) -> str:
        made = self.points.uses[place.function].made_by[place.id]
        assert isinstance(made, ssa.Alloc)
        return made.comment if made.comment.isidentifier() else f"of {made.comment or 'a temporary'}"
