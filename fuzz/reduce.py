"""Makes a failing program short, on its tree: statements go, expressions become simpler.

Many smaller programs are judged at once, as that takes gc little longer than one. What is not Go any
more, or fails in another way, is not taken.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from .outcome import Verdict
from .tree import Block, Expr, Part, Program, Stmt
from .types import Type

Judges = Callable[[Sequence[Program]], list[Verdict]]
Edit = Callable[[], Callable[[], None]]
"""Changes the program where it stands; what it gives takes the change back."""

WIDTH = 24
ROUNDS = 60


@dataclass
class Reducer:
    """``judge`` runs programs; ``key`` is the failure to keep: its kind and category."""

    judge: Judges
    key: tuple[str, str]
    judged: int = 0

    def reduce(self, program: Program) -> Program:
        """The shortest program found that fails in the same way."""
        best = copy.deepcopy(program)
        for _ in range(ROUNDS):
            before = size(best)
            for edits in (_declarations, _statements, _unnested, _texts, _expressions):
                best = self._pass(best, edits)
            if size(best) == before:
                break
        return best

    def _pass(self, program: Program, edits: Callable[[Program, int], list[Edit]]) -> Program:
        """Tries runs of edits, long ones first, and keeps those that leave the failure."""
        length = max(1, len(edits(program, 1)) // 4)
        while True:
            program = self._sweep(program, edits, length)
            if length == 1:
                return program
            length = max(1, length // 3)

    def _sweep(self, program: Program, edits: Callable[[Program, int], list[Edit]], length: int) -> Program:
        """All edits of one length, from the end, as many at once as are judged together."""
        at = len(edits(program, length))
        while at > 0:
            found = edits(program, length)
            at = min(at, len(found))
            chosen = list(range(max(0, at - WIDTH), at))[::-1]
            candidates = [_edited(program, found[n]) for n in chosen]
            verdicts = self._judged(candidates)
            good = [n for n, v in zip(chosen, verdicts, strict=True) if v.key == self.key]
            at -= len(chosen)
            if good:
                program = self._together(program, found, good, candidates[chosen.index(good[0])])
        return program

    def _together(self, program: Program, found: list[Edit], good: list[int], one: Program) -> Program:
        """As many of the good edits as hold together; at least the first of them."""
        while len(good) > 1:
            combined = copy.deepcopy(_edited(program, *(found[n] for n in good)))
            if self._judged([combined])[0].key == self.key:
                return combined
            good = good[: len(good) // 2]
        return one

    def _judged(self, programs: Sequence[Program]) -> list[Verdict]:
        self.judged += len(programs)
        return self.judge(programs)


def size(program: Program) -> int:
    return len(program.source())


def _edited(program: Program, *edits: Edit) -> Program:
    """A copy with the edits made; the program itself stays as it is."""
    undo = [edit() for edit in edits]
    changed = copy.deepcopy(program)
    for back in reversed(undo):
        back()
    return changed


def _replaced(parts: list[Part], at: int, by: list[Part]) -> Edit:
    """Puts parts in the place of one part."""
    old = parts[at]

    def edit() -> Callable[[], None]:
        where = next((n for n, part in enumerate(parts) if part is old), None)
        if where is None:  # another edit of the same run took it away
            return lambda: None
        kept = list(parts)
        parts[where : where + 1] = by

        def back() -> None:
            parts[:] = kept

        return back

    return edit


def _without(items: list[Stmt], gone: list[Stmt]) -> Edit:
    def edit() -> Callable[[], None]:
        kept = list(items)
        items[:] = [s for s in items if not any(s is g for g in gone)]

        def back() -> None:
            items[:] = kept

        return back

    return edit


def _declarations(program: Program, length: int) -> list[Edit]:
    """Runs of declarations go. What the harness needs stays."""
    needed = re.compile("|".join(re.escape(name) for name, _, _ in program.state[:2]))
    found = [
        d
        for d in program.declarations
        if not d.kept and not (needed.search(str(d)) and str(d).startswith("var"))
    ]
    edits = [_without(program.declarations, found[n : n + length]) for n in range(0, len(found), length)]
    extra = program.state[2:]
    if length == 1:
        edits += [_forgotten(program, variable) for variable in extra]
    return edits


def _forgotten(program: Program, variable: tuple[str, Type, str]) -> Edit:
    """A package variable goes, and is no longer looked at."""
    own = [d for d in program.declarations if str(d).startswith(f"var {variable[0]} ")]
    declaration = _without(program.declarations, own)

    def edit() -> Callable[[], None]:
        kept = list(program.state)
        program.state = [v for v in program.state if v != variable]
        undo = declaration()

        def back() -> None:
            undo()
            program.state = kept

        return back

    return edit


def _every(parts: list[Part]) -> Iterator[tuple[list[Part], int]]:
    """Each expression and block with where it stands, the outer before the inner."""
    for at, part in enumerate(parts):
        if isinstance(part, Expr):
            yield parts, at
            yield from _every(part.parts)
        elif isinstance(part, Block):
            yield parts, at
            for statement in part.statements:
                yield from _every(statement.parts)


def _places(program: Program) -> list[tuple[list[Part], int]]:
    return [place for d in program.declarations for place in _every(d.parts)]


def _statements(program: Program, length: int) -> list[Edit]:
    """Runs of statements of one block go."""
    edits = []
    for parts, at in _places(program):
        part = parts[at]
        if isinstance(part, Block):
            found = [s for s in part.statements if not s.kept]
            edits += [_without(part.statements, found[n : n + length]) for n in range(0, len(found), length)]
    return edits


def _unnested(program: Program, length: int) -> list[Edit]:
    """The statements of a block take the place of the statement around it."""
    edits = []
    for parts, at in _places(program):
        block = parts[at]
        if isinstance(block, Block):
            for statement in block.statements:
                inner = [p for p in statement.parts if isinstance(p, Block)]
                edits += [_lifted(block.statements, statement, body) for body in inner]
    return edits


def _lifted(items: list[Stmt], statement: Stmt, body: Block) -> Edit:
    def edit() -> Callable[[], None]:
        kept = list(items)
        items[:] = [s for old in items for s in (body.statements if old is statement else [old])]

        def back() -> None:
            items[:] = kept

        return back

    return edit


_USED = re.compile(r"\n_(?:, _)* = [\w, ]+$|^//go:noinline\n")


def _texts(program: Program, length: int) -> list[Edit]:
    """``_ = x`` after a declaration, and directives, go."""
    edits = []
    holders = [d.parts for d in program.declarations]
    for parts, at in _places(program):
        block = parts[at]
        if isinstance(block, Block):
            holders += [s.parts for s in block.statements]
    for parts in holders:
        for at, part in enumerate(parts):
            if isinstance(part, str) and _USED.search(part):
                edits.append(_replaced(parts, at, [_USED.sub("", part)]))
    return edits


def _expressions(program: Program, length: int) -> list[Edit]:
    """An expression becomes a constant, or one of its operands."""
    edits = []
    for parts, at in _places(program):
        part = parts[at]
        if not isinstance(part, Expr) or (
            len(part.parts) == 1 and isinstance(part.parts[0], str) and part.constant
        ):
            continue
        edits += [_replaced(parts, at, [simpler]) for simpler in _simpler(part)]
    return edits


def _simpler(part: Expr) -> list[Expr]:
    found = []
    if part.type.kind == "int":
        found = [Expr(part.type, [f"{part.type}({n})"], True) for n in ("1", "0")]
    elif part.type.kind == "bool":
        found = [Expr(part.type, [word], True) for word in ("true", "false")]
    inner = [parts[at] for parts, at in _every(part.parts)]
    return [x for x in inner if isinstance(x, Expr) and x.type == part.type] + found
