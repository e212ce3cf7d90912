"""Which numbers and slices the verifier knows exactly wherever it comes to them.

It walks each turn of a loop, and in each it knows what was made from constants: the counter, sums and
products with it, a slice that begins there. An index of that kind needs no check for the verifier's sake, and
LLVM may know what it likes about it. Numbers from anywhere else are none of these, nor are those that LLVM
could put in a counter's place: a counter that is compared with another number does not count.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from tinybpf.compiler import ssa
from tinybpf.compiler.lower.pointsto import PointsTo
from tinybpf.compiler.lower.views import plain
from tinybpf.compiler.lower.walk import Uses, instructions

FOLLOWED = {"+", "-", "*", "&", "|", "^", "&^", "<<", ">>"}
"""Operations on constants that give a constant to the verifier; it does not divide."""
COMPARISONS = {"==", "!=", "<", "<=", ">", ">="}


class Exact:
    """Asked of all functions of a program."""

    def __init__(self, points: PointsTo, functions: Iterable[int], entries: Iterable[int]) -> None:
        self._points = points
        self._doc = points.doc
        self._types = points.types
        self._known: dict[tuple[str, int, int], bool] = {}
        self._calls: dict[int, list[tuple[int, ssa.Call]]] = {}
        self._elsewhere = set(entries)
        for f in functions:
            self._find_calls(f)

    def value(self, f: int, number: int) -> bool:
        """Whether value ``number`` of function ``f`` is exact: a number, or a slice's or string's part."""
        return self._asked("value", f, number, self._value)

    def _asked(self, what: str, f: int, number: int, ask: Callable[[int, int], bool]) -> bool:
        """The answer to a question that may lead back to itself: yes, where nothing speaks against it."""
        key = what, f, number
        if key not in self._known:
            before = len(self._known)
            self._known[key] = True
            if not ask(f, number):
                for later in list(self._known)[before:]:  # a yes that may have come from this one
                    if self._known[later]:
                        del self._known[later]
                self._known[key] = False
        return self._known[key]

    def _find_calls(self, f: int) -> None:
        """Who calls each function; one whose address goes elsewhere may be called by anyone."""
        fn = self._doc.functions[f]
        named = {n: v.index for n, v in enumerate(fn.values) if isinstance(v, ssa.FuncRef)}
        for number, index in named.items():
            for block, at in self._points.uses[f].of(number):
                user = fn.blocks[block].instrs[at]
                callee = named.get(user.fn) if isinstance(user, ssa.Call) else None
                if isinstance(user, ssa.Call) and user.fn == number:
                    self._calls.setdefault(index, []).append((f, user))
                if callee != index:
                    self._elsewhere.add(index)

    def _value(self, f: int, number: int) -> bool:
        fn = self._doc.functions[f]
        if number < len(fn.values):
            return self._leaf(f, number, fn.values[number])
        made = self._points.uses[f].made_by[number]
        ask = _KINDS.get(type(made))
        return ask(self, f, made) if ask else False

    def _leaf(self, f: int, number: int, value: ssa.Value) -> bool:
        if isinstance(value, (ssa.ConstInt, ssa.ConstString, ssa.ConstNil)):
            return True
        if not isinstance(value, ssa.Param) or f in self._elsewhere or f not in self._calls:
            return False
        return all(self.value(caller, call.args[number]) for caller, call in self._calls[f])

    def _unary(self, f: int, made: ssa.Unary) -> bool:
        return self.value(f, made.x)

    def _operation(self, f: int, made: ssa.BinOp) -> bool:
        return made.operator in FOLLOWED and self.value(f, made.x) and self.value(f, made.y)

    def _loaded(self, f: int, made: ssa.UnOp) -> bool:
        if made.operator in "-^":
            return self.value(f, made.x)
        return made.operator == "*" and self._asked("variable", f, made.x, self._variable)

    def _variable(self, f: int, cell: int) -> bool:
        """A variable that is only loaded and stored, and is given what is exact."""
        stores = self._points.uses[f].stores(self._doc.functions[f], cell)
        if stores is None or not all(self.value(f, s.value) for s in stores):
            return False
        changes = any(s.value >= len(self._doc.functions[f].values) for s in stores)
        return not changes or all(self._compared(f, number) for number in self._versions(f, cell, stores))

    def _versions(self, f: int, cell: int, stores: list[ssa.Store]) -> set[int]:
        """The values that the variable has: those loaded from it and those stored."""
        uses = self._points.uses[f]
        fn = self._doc.functions[f]
        users = (fn.blocks[block].instrs[at] for block, at in uses.of(cell))
        return {u.id for u in users if isinstance(u, ssa.UnOp)} | {s.value for s in stores}

    def _compared(self, f: int, number: int) -> bool:
        """Whether a value is compared with what is exact only."""
        uses, fn = self._points.uses[f], self._doc.functions[f]
        if number < len(fn.values):
            return True
        for block, at in uses.of(number):
            user = fn.blocks[block].instrs[at]
            if isinstance(user, ssa.BinOp) and user.operator in COMPARISONS:
                other = user.y if user.x == number else user.x
                if not self.value(f, other):
                    return False
        return True

    def _slice(self, f: int, made: ssa.SliceOp) -> bool:
        uses = self._points.uses[f]
        begins = not self._types.is_wide(uses.type_of[made.x]) or self.value(f, made.x)
        bounds = (made.low, made.high, made.max)
        return begins and all(x is None or self.value(f, x) for x in bounds)

    def _call(self, f: int, made: ssa.Call) -> bool:
        fn = self._doc.functions[f]
        target = fn.values[made.fn] if made.fn < len(fn.values) else None
        if isinstance(target, ssa.Builtin):
            return target.name in ("len", "cap", "min", "max") and all(self.value(f, x) for x in made.args)
        if not isinstance(target, ssa.FuncRef):
            return False
        callee = self._doc.functions[target.index]
        returns = [i for i in instructions(callee) if isinstance(i, ssa.Return)]
        return bool(returns) and all(self.value(target.index, x) for r in returns for x in r.results)

    def _phi(self, f: int, made: ssa.Phi) -> bool:
        return all(self.value(f, x) for x in made.edges)


_KINDS: dict[type, Callable[..., bool]] = {
    ssa.BinOp: Exact._operation,
    ssa.Call: Exact._call,
    ssa.ChangeType: Exact._unary,
    ssa.Convert: Exact._unary,
    ssa.Phi: Exact._phi,
    ssa.SliceOp: Exact._slice,
    ssa.UnOp: Exact._loaded,
}


def compared_in_memory(fn: ssa.Function, uses: Uses, variable: int) -> bool:
    """Whether a variable that others have the address of is compared, as loops do to end.

    Of numbers on the stack the verifier knows those of 8 bytes, and smaller ones that have 8 for themselves.
    """
    if plain(fn, uses, variable):
        return False
    named = {variable}  # with what stands for the counter in each turn of a loop, if each has its own
    waiting = [variable]
    while waiting:
        for user in _users(fn, uses, waiting.pop()):
            if isinstance(user, ssa.Phi) and user.id not in named:
                named.add(user.id)
                waiting.append(user.id)
            elif isinstance(user, ssa.UnOp) and any(_compares(u) for u in _users(fn, uses, user.id)):
                return True
    return False


def _compares(instr: ssa.Instruction) -> bool:
    return isinstance(instr, ssa.BinOp) and instr.operator in COMPARISONS


def _users(fn: ssa.Function, uses: Uses, number: int) -> list[ssa.Instruction]:
    return [fn.blocks[b].instrs[i] for b, i in uses.of(number)]
