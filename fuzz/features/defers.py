"""defer: of functions, literals, methods; conditionally; with named results; also when a panic comes."""

from __future__ import annotations

from ..generate import Function, Generator
from ..rules import declaration, statement
from ..tree import SERIAL, Block, Stmt, s
from .closures import literal
from .functions import TURNS, arguments, count_call, write


@declaration(35)
def deferring(g: Generator) -> None:
    """Functions that hold something until they end."""
    g.declare(s(f"func left_{SERIAL}(x uint64) {{\n\ttrace_{SERIAL} = trace_{SERIAL}*31 + x\n}}"))
    for _ in range(g.rng.randint(1, 2)):
        params = (g.int_type(), g.scalar_type())
        g.deferring = True
        write(g, Function(g.top("hold"), params, (g.scalar_type(),), False))
        g.deferring = False


def _once(g: Generator) -> bool:
    """Whether a statement runs at most once in a function that may defer."""
    return g.deferring and not g.loops and not g.closing and g.turns <= TURNS


@statement(2, effects=True)
def defer_call(g: Generator) -> list[Stmt] | None:
    if not _once(g):
        return None
    from ..types import UINT64

    return [s(f"defer left_{SERIAL}(", g.varying(UINT64, 2), ")")]


@statement(1, effects=True)
def defer_literal(g: Generator) -> list[Stmt] | None:
    if not _once(g):
        return None
    return [s("defer ", literal(g, (), (), False), "()")]


@statement(0.7, effects=True)
def defer_function(g: Generator) -> list[Stmt] | None:
    fitting = [f for f in g.functions if not f.pure and f.receiver is None]
    if not _once(g) or not fitting or not count_call(g):
        return None
    f = g.pick(fitting)
    passed = arguments(g, f.params)
    return None if passed is None else [s(f"defer {f.name}(", *passed, ")")]


@statement(0.5, effects=True, nests=True)
def defer_sometimes(g: Generator) -> list[Stmt] | None:
    if not _once(g):
        return None
    from ..types import BOOL

    condition = g.varying(BOOL, 2)
    with g.nested():
        made = defer_call(g)
    return None if made is None else [s("if ", condition, " ", Block(made))]
