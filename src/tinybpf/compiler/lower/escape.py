"""Pointers to local variables must not outlive them.

A pointer to a local may go down the call chain and come back up to where the local still
lives. It must not be returned beyond, nor be kept in a package variable, a map, the kernel or a
variable that lives longer; nor may the address of a variable made anew in each turn of a loop be
kept past its turn, for all turns share one stack slot.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tinybpf.compiler import ssa, typed
from tinybpf.compiler.lower.pointsto import CONTEXT, STRINGS, Place, PointsTo
from tinybpf.compiler.lower.views import Views
from tinybpf.compiler.lower.walk import Uses, instructions, reaches, repeats_without
from tinybpf.compiler.resolve import ops

Report = Callable[[ssa.Pos, str, str], None]

HINT_VALUE = "return or store the value itself, or let the caller pass a pointer to a variable of its own"
HINT_CONTEXT = "store the fields that are needed, or pass the context on as an argument"
HINT_LOOP = "declare the variable outside the loop, or copy its value instead of keeping its address"


HINT_STRING = "use an array such as [16]byte there, and fill it with copy(x.Name[:], s)"

HINT_COPY = "keep the bytes, in an array: n := copy(a[:], s)"

_OUTSIDE = ("kernel", "integer", "context")
_PARTS = (ssa.FieldAddr, ssa.IndexAddr)


class EscapeCheck:
    def __init__(
        self, doc: ssa.Document, points: PointsTo, functions: list[int], views: Views, report: Report
    ) -> None:
        self.doc = doc
        self.points = points
        self.views = views
        self.report = report
        self._below: dict[int, set[int]] = {}
        for f in functions:  # callees first
            self._below[f] = self._reached(f)
        for f in functions:
            self._function(f)

    def _reached(self, f: int) -> set[int]:
        called = {callee for _, callee in self.points.callees(f)}
        return called.union(*(self._below.get(callee, ()) for callee in called))

    def _function(self, f: int) -> None:
        fn = self.doc.functions[f]
        for instr in instructions(fn):
            if type(instr) is ssa.Return:
                self._return(f, instr)
            elif type(instr) is ssa.Store:
                self._string(f, instr)
                text = self.points.types.is_string(self.points.uses[f].type_of[instr.value])
                addresses, targets = (self.points.value(f, x) for x in (instr.value, instr.addr))
                self._keep(f, instr.pos, addresses, targets, text)
            elif type(instr) is ssa.Call:
                self._call(f, fn, instr)

    def _locals(self, places: set[Place]) -> Iterator[Place]:
        found = (p for p in places if p.kind == "local" and not self.views.makes_nothing(p))
        return iter(sorted(found, key=lambda p: (p.function, p.id)))

    def _return(self, f: int, instr: ssa.Return) -> None:
        for x in instr.results:
            for place in self._locals(self.points.value(f, x)):
                if place.function == f:
                    text = self.points.types.is_string(self.points.uses[f].type_of[x])
                    message = (
                        f"{self._what(place, text, f)} is returned: the variable is gone after the return"
                    )
                    self.report(instr.pos, message, HINT_COPY if text else HINT_VALUE)
                    return

    def _string(self, f: int, instr: ssa.Store) -> None:
        """A string is an address and a length, which mean nothing to others."""
        if not self.points.types.holds_string(self.points.uses[f].type_of[instr.value]):
            return
        if any(p.kind in _OUTSIDE for p in self.points.value(f, instr.addr)):
            self.report(
                instr.pos,
                "a string is stored in memory that outlives the program (a map value, an event, kernel "
                "memory)",
                HINT_STRING,
            )

    def _keep(
        self, f: int, pos: ssa.Pos, addresses: set[Place], targets: set[Place], text: bool = False
    ) -> None:
        """``text``: what is kept is a string."""
        if CONTEXT in addresses:
            self._keep_context(pos, targets)
        kept = list(self._locals(addresses))
        if not kept:
            return
        for target in sorted(targets, key=repr):
            for place in kept:
                problem = self._problem(f, place, target)
                if problem:
                    self.report(
                        pos, f"{self._what(place, text, f)}{problem[0]}", HINT_COPY if text else problem[1]
                    )
                    return

    def _what(self, place: Place, text: bool, seen_in: int) -> str:
        name = self._name(place)
        if place.function != seen_in:
            name += f" in {self.doc.functions[place.function].name}"
        if not text:
            return f"address of {name}"
        made = self.points.uses[place.function].made_by[place.id]
        if not isinstance(made, ssa.Convert):
            return f"a string of the bytes of {name}"
        written = self.views.writer(place.function, made)
        if written is None:
            return "a string that a conversion has made"
        return f"a string that has to be a copy (line {written.line} may write its bytes while it is in use)"

    def _keep_context(self, pos: ssa.Pos, targets: set[Place]) -> None:
        """The kernel's memory behind the context is another one the next time."""
        for target in sorted(targets, key=repr):
            if target.kind in ("global", "kernel"):
                where = (
                    f"package variable {self.doc.globals[target.id].name}"
                    if target.kind == "global"
                    else "memory that outlives it (a map value or kernel memory)"
                )
                message = f"the program's context is stored in {where}; it is gone when the program ends"
                self.report(pos, message, HINT_CONTEXT)
                return

    def _problem(self, f: int, place: Place, target: Place) -> tuple[str, str] | None:
        """Why ``f`` must not keep the address of ``place`` in ``target``, in words to come behind it."""
        if place.function != f and f not in self._below[place.function]:
            return None  # it has left the function that it belongs to: reported there
        if target.kind == "global":
            variable = self.doc.globals[target.id].name
            return f" is stored in package variable {variable}, which outlives it", HINT_VALUE
        if target.kind in _OUTSIDE:
            return " is stored in memory that outlives it (a map value or kernel memory)", HINT_VALUE
        if target.kind != "local":
            return None
        if place.function != target.function:
            if target.function in self._below.get(place.function, ()):
                return None
            what = f" is stored in {self._target(target)}, a variable of the caller, which outlives it"
            return what, HINT_VALUE
        fn = self.doc.functions[place.function]
        where = self.points.uses[place.function].place
        again = repeats_without(fn, where[place.id][0], where[target.id][0])
        if again and self._read_later(place, target) and not self._made_after(place, target, set()):
            what = f", made anew in each turn of the loop, is kept past its turn in {self._target(target)}"
            return what, HINT_LOOP
        return None

    def _read_later(self, place: Place, target: Place) -> bool:
        """Whether ``target`` may be looked at when ``place`` has been made once more.

        It is not where each way from there to a use of ``target`` makes or assigns it anew, too.
        """
        fn, uses = self.doc.functions[target.function], self.points.uses[target.function]
        seen = self._direct_uses(fn, uses, target.id)
        if seen is None:
            return True
        anew = {(b, i) for b, i in uses.of(target.id) if isinstance(fn.blocks[b].instrs[i], ssa.Store)}
        return reaches(fn, uses.place[place.id], seen - anew, anew | {uses.place[target.id]})

    def _made_after(self, place: Place, target: Place, seen: set[int]) -> bool:
        """Whether ``target`` is made once more between ``place`` and any use of it.

        That is so where control also comes to ``place`` before ``target`` was ever made: nothing can use it
        from there on without making it. The same must hold for all variables that lead to ``target``.
        """
        fn, where = self.doc.functions[place.function], self.points.uses[place.function].place
        if not reaches(fn, (0, -1), {where[place.id]}, {where[target.id]}):
            return False
        seen.add(target.id)
        for holder in self.points.holders(target):
            if holder.kind != "local" or place.function in self._below.get(holder.function, ()):
                return False
            if holder.function != place.function or holder.id in seen:
                continue
            if not self._made_after(place, holder, seen):
                return False
        return True

    def _direct_uses(self, fn: ssa.Function, uses: Uses, value: int) -> set[tuple[int, int]] | None:
        """Where a variable is used, all of it through ``value``; None where its address is kept."""
        found: set[tuple[int, int]] = set()
        for b, i in uses.of(value):
            found.add((b, i))
            user = fn.blocks[b].instrs[i]
            if isinstance(user, _PARTS):
                inner = self._direct_uses(fn, uses, user.id)
                if inner is None:
                    return None
                found |= inner
            elif not isinstance(user, (ssa.UnOp, ssa.Store)) or _stores(user, value):
                return None
        return found

    def _call(self, f: int, fn: ssa.Function, instr: ssa.Call) -> None:
        """A helper copies the memory it is given: no address of a local may be in it."""
        target = fn.values[instr.fn] if instr.fn < len(fn.values) else None
        if isinstance(target, ssa.Builtin) and target.name in ("append", "copy"):
            to, source = (self.points.value(f, x) for x in instr.args)
            self._keep(f, instr.pos, {p for s in source for p in self.points.contents(s)}, to)
        if not isinstance(target, ssa.FuncRef) or self.doc.functions[target.index].blocks:
            return
        if typed.builtin(self.doc.functions[target.index]):
            return
        for x in instr.args:
            for held in self.points.value(f, x):
                if held.kind in ("kernel", "nil"):
                    continue
                contents, name = self.points.contents(held), self.doc.functions[target.index].name
                for place in self._locals(contents):
                    self.report(
                        instr.pos,
                        f"memory passed to {name} holds the address of {self._name(place)}, which the kernel "
                        "would keep",
                        HINT_VALUE,
                    )
                    return
                if STRINGS in contents:
                    self.report(
                        instr.pos,
                        f"memory passed to {name} holds a string, which means nothing there",
                        HINT_STRING,
                    )
                    return

    def _name(self, place: Place) -> str:
        return variable_name(self.points.uses[place.function].made_by[place.id])

    def _target(self, place: Place) -> str:
        return self._name(place).removeprefix("local variable ")


UNNAMED = ("complit", "makeslice", "new", "slicelit", "varargs")

_MADE = {
    ops.BOXED: "a value in an interface",
    ops.CALLBACK: "a function value",
    ops.CAPTURES: "a function literal that captures variables",
    ops.DEFERRED: "a deferred call",
    "complit": "a composite literal",
    ops.INTERFACE: "an interface",
    "makeslice": "what make made",
    "new": "what new made",
    "slicelit": "a slice literal",
    "varargs": "the arguments of a variadic call",
}
"""What go/ssa says of variables that have no name."""


def variable_name(made: ssa.Instruction) -> str:
    """A local variable, by what makes it, in words."""
    if not isinstance(made, ssa.Alloc):
        return "what a conversion has copied"
    return _MADE.get(made.comment) or f"local variable {made.comment or 'without a name'}"


def _stores(instr: ssa.Instruction, value: int) -> bool:
    return isinstance(instr, ssa.Store) and instr.value == value
