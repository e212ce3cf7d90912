"""Going over a function: operands, results, order of blocks, who uses what."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tinybpf.compiler import ssa
from tinybpf.compiler.resolve import ops

OPERANDS: dict[type, tuple[str, ...]] = {
    ssa.Phi: ("edges",),
    ssa.BinOp: ("x", "y"),
    ssa.Call: ("fn", "args"),
    ssa.MakeClosure: ("fn", "bindings"),
    ssa.MakeSlice: ("len", "cap"),
    ssa.SliceOp: ("x", "low", "high", "max"),
    ssa.IndexAddr: ("x", "index"),
    ssa.Index: ("x", "index"),
    ssa.Lookup: ("x", "index"),
    ssa.Next: ("iter",),
    ssa.Extract: ("tuple",),
    ssa.If: ("cond",),
    ssa.Return: ("results",),
    ssa.Defer: ("fn", "args"),
    ssa.Store: ("addr", "value"),
    ops.Choose: ("x", "cond"),
    ops.LoadIf: ("x", "cond"),
    ops.Require: ("cond",),
}
for _kind in (
    ssa.UnOp, ssa.ChangeType, ssa.Convert, ssa.MultiConvert, ssa.SliceToArrayPointer, ssa.ChangeInterface,
    ssa.MakeInterface, ssa.FieldAddr, ssa.FieldOp, ssa.Range, ssa.TypeAssert, ssa.Panic,
    ops.TypeIs, ops.Captured,
):  # fmt: skip
    OPERANDS[_kind] = ("x",)


def operands(instr: ssa.Instruction) -> Iterator[int]:
    """The numbers of the values that an instruction uses."""
    for name in OPERANDS.get(type(instr), ()):
        value = getattr(instr, name)
        if isinstance(value, int):
            yield value
        elif value is not None:
            yield from value


def result(instr: ssa.Instruction) -> int | None:
    """The number of the value that an instruction makes."""
    return getattr(instr, "id", None)


def instructions(fn: ssa.Function) -> Iterator[ssa.Instruction]:
    for block in fn.blocks:
        yield from block.instrs


def callees(fn: ssa.Function) -> Iterator[tuple[ssa.Call, int]]:
    """The calls in ``fn`` of functions known by name, with the function's index."""
    for instr in instructions(fn):
        if type(instr) is ssa.Call and instr.fn < len(fn.values):
            target = fn.values[instr.fn]
            if isinstance(target, ssa.FuncRef):
                yield instr, target.index


class Calls:
    """The calls of functions known by name, by the function that they are in; each is looked at once."""

    def __init__(self, functions: Sequence[ssa.Function]) -> None:
        self._functions = functions
        self._known: dict[int, list[tuple[ssa.Call, int]]] = {}

    def of(self, index: int) -> list[tuple[ssa.Call, int]]:
        """The calls, with the index of the function that is called."""
        known = self._known.get(index)
        if known is None:
            known = self._known[index] = list(callees(self._functions[index]))
        return known


def block_order(fn: ssa.Function) -> list[int]:
    """Reverse postorder from the entry: a block comes after those that dominate it.

    Of the two ways out of a condition the first comes first, as in the source. Blocks where panics go
    on come last.
    """
    seen: set[int] = set()
    order = _reverse_postorder(fn, 0, seen)
    for handler in dict.fromkeys(ops.handlers(fn).values()):
        if handler not in seen:
            order += _reverse_postorder(fn, handler, seen)
    return order


def _reverse_postorder(fn: ssa.Function, start: int, seen: set[int]) -> list[int]:
    seen.add(start)
    order: list[int] = []
    stack: list[tuple[int, Iterator[int]]] = [(start, reversed(fn.blocks[start].succs))]
    while stack:
        block, rest = stack[-1]
        for succ in rest:
            if succ not in seen:
                seen.add(succ)
                stack.append((succ, reversed(fn.blocks[succ].succs)))
                break
        else:
            stack.pop()
            order.append(block)
    return order[::-1]


def repeats_without(fn: ssa.Function, block: int, avoiding: int) -> bool:
    """Whether control can come from ``block`` back to it without passing ``avoiding``."""
    if block == avoiding:
        return False
    seen = {avoiding}
    work = list(fn.blocks[block].succs)
    while work:
        at = work.pop()
        if at == block:
            return True
        if at not in seen:
            seen.add(at)
            work.extend(fn.blocks[at].succs)
    return False


def reaches(
    fn: ssa.Function, start: tuple[int, int], wanted: set[tuple[int, int]], stops: set[tuple[int, int]]
) -> bool:
    """Whether control comes from ``start`` to one of ``wanted`` before one of ``stops``."""
    seen: set[int] = set()
    work = [(start[0], start[1] + 1)]
    while work:
        block, first = work.pop()
        for i in range(first, len(fn.blocks[block].instrs)):
            if (block, i) in wanted:
                return True
            if (block, i) in stops:
                break
        else:
            for succ in fn.blocks[block].succs:
                if succ not in seen:
                    seen.add(succ)
                    work.append((succ, 0))
    return False


class Uses:
    """Who uses each value of a function."""

    def __init__(self, fn: ssa.Function) -> None:
        self.by_value: dict[int, list[tuple[int, int]]] = {}
        self.type_of: dict[int, int] = {i: v.type for i, v in enumerate(fn.values)}
        self.made_by: dict[int, ssa.Instruction] = {}
        self.place: dict[int, tuple[int, int]] = {}
        for b, block in enumerate(fn.blocks):
            for i, instr in enumerate(block.instrs):
                made = result(instr)
                if made is not None:
                    self.type_of[made] = instr.type  # type: ignore[union-attr]
                    self.made_by[made] = instr
                    self.place[made] = (b, i)
                for x in operands(instr):
                    self.by_value.setdefault(x, []).append((b, i))

    def of(self, value: int) -> list[tuple[int, int]]:
        """Block and place of each instruction that uses ``value``."""
        return self.by_value.get(value, [])

    def stores(self, fn: ssa.Function, cell: int) -> list[ssa.Store] | None:
        """What is stored in a variable of the function that is loaded and stored only; None of any other."""
        if not isinstance(self.made_by.get(cell), ssa.Alloc):
            return None
        found = []
        for block, at in self.of(cell):
            user = fn.blocks[block].instrs[at]
            if isinstance(user, ssa.Store) and user.addr == cell and user.value != cell:
                found.append(user)
            elif not isinstance(user, ssa.UnOp):
                return None
        return found
