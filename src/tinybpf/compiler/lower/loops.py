"""Loops that do not end, found where they are written.

The verifier walks each turn of a loop and refuses what it does not see end. What is certain is an
error here: a loop without a way out, and one whose conditions nothing in it changes. A loop that goes
on for as long as memory or a helper says so is a warning: the verifier knows neither. Loops that count
are left to it, for it may well see their end.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from tinybpf.compiler import ssa
from tinybpf.compiler.lower.walk import operands

if TYPE_CHECKING:
    from tinybpf.compiler.lower.function import FunctionLowering

Report = Callable[[ssa.Pos, str, "str | None"], None]

_HINT = "bound it by a constant: for i := 0; i < 64; i++, or use ebpf.Loop (the helper bpf_loop)"
_BOTH = "bound it by a constant as well: for i := 0; i < 64 && …; i++, or use ebpf.Loop (the helper bpf_loop)"
_FOR = re.compile(r"\s*(?:\w+:\s*)?for\b")
_EMPTY_FOR = re.compile(r"\bfor(?:\s+true)?\s*\{\s*\}")

_PURE = (ssa.BinOp, ssa.Convert, ssa.ChangeType)
SAME, FRESH, OTHER = "same", "fresh", "other"
"""What a condition depends on in each turn: nothing that changes; memory and helpers alone; anything else."""


def check(f: FunctionLowering, report: Report, warn: Report) -> None:
    """Tell of the loops of a function that was lowered."""
    blocks = _reachable(f.fn)
    for loop in _loops(f.fn, blocks):
        if any(_leaves(f, instr) for b in loop for instr in f.fn.blocks[b].instrs):
            continue
        exits = [b for b in loop if any(s not in loop and s in blocks for s in f.fn.blocks[b].succs)]
        if exits and not loop & f.checking:
            _conditions(f, loop, exits, report, warn)
        elif not exits and not loop & f.panicking:
            report(_head(f, loop), "this loop has no way out: the verifier wants to see its end", _HINT)


def _conditions(f: FunctionLowering, loop: set[int], exits: list[int], report: Report, warn: Report) -> None:
    lookup = _Conditions(f, loop)
    found = []
    for b in exits:
        last = f.fn.blocks[b].instrs[-1]
        if not isinstance(last, ssa.If):
            return
        found.append((last, lookup.kind(last.cond)))
    kinds = {kind for _, kind in found}
    names = ", ".join(dict.fromkeys(lookup.names))
    pos = min((last.pos for last, _ in found), key=lambda p: (p.line, p.col))
    if kinds == {SAME} and not loop & f.panicking:
        what = f"nothing in it changes {names}" if names else "its condition is constant"
        report(pos, f"this loop never ends once it has begun: {what}", _HINT)
    elif kinds in ({FRESH}, {FRESH, SAME}):
        by = f" ({names})" if names else ""
        warn(
            pos,
            f"the verifier will not see this loop end: it goes on while memory or a helper says so{by}",
            _BOTH,
        )


class _Conditions:
    """What values depend on within a loop; ``names`` are the variables that were met on the way."""

    def __init__(self, f: FunctionLowering, loop: set[int]) -> None:
        self.f = f
        self.loop = loop
        self.names: list[str] = []
        self._known: dict[int, str] = {}
        self._stored: dict[int, list[int]] = {}
        for b in loop:
            for instr in f.fn.blocks[b].instrs:
                if isinstance(instr, ssa.Store):
                    self._stored.setdefault(instr.addr, []).append(instr.value)

    def kind(self, value: int) -> str:
        known = self._known.get(value)
        if known is None:
            self._known[value] = OTHER  # what depends on itself counts
            known = self._known[value] = self._find(value)
        return known

    def _find(self, value: int) -> str:
        made = self.f.uses.made_by.get(value)
        if made is None or self.f.uses.place[value][0] not in self.loop:
            return SAME
        if isinstance(made, ssa.UnOp) and made.operator == "*":
            return self._loaded(made.x)
        if isinstance(made, (*_PURE, ssa.UnOp)):
            kinds = {self.kind(x) for x in operands(made)}
            return OTHER if OTHER in kinds else FRESH if FRESH in kinds else SAME
        if isinstance(made, ssa.Call):
            return FRESH if _helper(self.f, made) else OTHER
        return OTHER

    def _loaded(self, address: int) -> str:
        made = self.f.uses.made_by.get(address)
        if isinstance(made, ssa.Alloc) and _is_cell(self.f, address):
            self.names.append(made.comment)
            kinds = {self.kind(x) for x in self._stored.get(address, ())}
            return OTHER if OTHER in kinds or (kinds and SAME in kinds) else FRESH if kinds else SAME
        if made is None:
            return OTHER  # a package variable
        places = self.f.places(address)
        outside = all(p.kind in ("kernel", "nil") for p in places) and any(p.kind == "kernel" for p in places)
        return FRESH if outside and self._address(address) == SAME else OTHER

    def _address(self, address: int) -> str:
        """Whether the same memory is read in each turn."""
        made = self.f.uses.made_by.get(address)
        if isinstance(made, ssa.FieldAddr):
            return self._address(made.x)
        return OTHER if isinstance(made, ssa.IndexAddr) else self.kind(address)


def _is_cell(f: FunctionLowering, alloc: int) -> bool:
    """Whether a variable is only read and written by its name."""
    for b, i in f.uses.of(alloc):
        instr = f.fn.blocks[b].instrs[i]
        if not (isinstance(instr, ssa.UnOp) or (isinstance(instr, ssa.Store) and instr.value != alloc)):
            return False
    return True


def _helper(f: FunctionLowering, call: ssa.Call) -> bool:
    """Whether a call is one of a helper of the kernel."""
    target = f.fn.values[call.fn] if call.fn < len(f.fn.values) else None
    return isinstance(target, ssa.FuncRef) and target.index in f.m.helpers


def _leaves(f: FunctionLowering, instr: ssa.Instruction) -> bool:
    """Whether an instruction may end the program or the function: a tail call, what makes one, a return."""
    if isinstance(instr, (ssa.Panic, ssa.Return, ssa.RunDefers)):
        return True
    if not isinstance(instr, ssa.Call):
        return False
    target = f.fn.values[instr.fn] if instr.fn < len(f.fn.values) else None
    if not isinstance(target, ssa.FuncRef):
        return not isinstance(target, ssa.Builtin)
    return target.index in f.m.tail_callers or f.m.helper_name(target.index) == "bpf_tail_call"


# --- the graph


def _reachable(fn: ssa.Function) -> set[int]:
    """The blocks that control comes to, conditions that are constant taken as they are."""
    seen, work = {0}, [0]
    while work:
        block = fn.blocks[work.pop()]
        last = block.instrs[-1] if block.instrs else None
        succs = block.succs
        if isinstance(last, ssa.If) and last.cond < len(fn.values):
            constant = fn.values[last.cond]
            if isinstance(constant, ssa.ConstBool):
                succs = [succs[0] if constant.value else succs[1]]
        new = [s for s in succs if s not in seen]
        seen.update(new)
        work.extend(new)
    return seen


def _loops(fn: ssa.Function, blocks: set[int]) -> Iterator[set[int]]:
    """The loops among the blocks, an outer one before those inside of it."""
    for part in _components(fn, blocks):
        if len(part) > 1 or any(b in fn.blocks[b].succs for b in part):
            yield part
            entries = {
                b for b in part if b == 0 or any(p in blocks and p not in part for p in fn.blocks[b].preds)
            }
            if len(entries) == 1:
                yield from _loops(fn, part - entries)


def _components(fn: ssa.Function, blocks: set[int]) -> list[set[int]]:
    """The strongly connected parts of the graph of some blocks."""
    order: list[int] = []
    seen: set[int] = set()
    for root in sorted(blocks):
        if root in seen:
            continue
        seen.add(root)
        stack = [(root, iter(fn.blocks[root].succs))]
        while stack:
            at, rest = stack[-1]
            succ = next((s for s in rest if s in blocks and s not in seen), None)
            if succ is None:
                stack.pop()
                order.append(at)
            else:
                seen.add(succ)
                stack.append((succ, iter(fn.blocks[succ].succs)))
    parts: list[set[int]] = []
    left = set(blocks)
    for root in reversed(order):
        if root not in left:
            continue
        part, work = {root}, [root]
        left.discard(root)
        while work:
            for pred in fn.blocks[work.pop()].preds:
                if pred in left:
                    left.discard(pred)
                    part.add(pred)
                    work.append(pred)
        parts.append(part)
    return parts


# --- where it stands


def _head(f: FunctionLowering, loop: set[int]) -> ssa.Pos:
    """The ``for`` of a loop that no instruction comes from; else its first instruction."""
    found = [i for b in loop for i in f.fn.blocks[b].instrs]
    own = [i.pos for i in found if i.pos.line and not _elsewhere(f, i)]
    first = min(own or [i.pos for i in found], key=lambda p: (p.line, p.col))
    if not any(f.fn.blocks[b].comment.startswith(("for.", "range")) for b in loop):
        return first
    lines = f.m.doc.files[first.file].text.split("\n")
    if not own:
        return _empty(f, lines, first)
    for number in range(first.line, f.fn.pos.line - 1, -1):
        at = _FOR.match(lines[number - 1])
        if at is not None:
            return ssa.Pos(first.file, number, len(lines[number - 1][: at.end() - len("for")].encode()) + 1)
    return first


def _elsewhere(f: FunctionLowering, instr: ssa.Instruction) -> bool:
    """Whether an instruction has the place of one before it: a jump, a branch on a constant."""
    return isinstance(instr, ssa.Jump) or (isinstance(instr, ssa.If) and instr.cond < len(f.fn.values))


def _empty(f: FunctionLowering, lines: list[str], first: ssa.Pos) -> ssa.Pos:
    """An empty loop has no instruction with a place of its own: it is looked for in the text."""
    start, end = f.fn.pos.line - 1, f.fn.end.line or len(lines)
    text = "\n".join(lines[start:end])
    found = list(_EMPTY_FOR.finditer(text))
    if len(found) != 1:
        return first
    before = text[: found[0].start()]
    column = len(before.rpartition("\n")[2].encode()) + 1
    return ssa.Pos(first.file, f.fn.pos.line + before.count("\n"), column)
