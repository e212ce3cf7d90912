"""Shifts by constants, by variables of any type, past the width, by negative counts."""

from __future__ import annotations

from ..generate import Generator
from ..rules import expression, statement
from ..tree import Expr, Stmt, e, s
from ..types import Type


def count(g: Generator, depth: int) -> Expr:
    of = g.int_type()
    x = g.varying(of, depth)
    if g.chance(0.95):
        limit = min(g.pick((7, 15, 31, 63, 127)), of.high)
        return e(of, "(", x, f" & {limit})", constant=False)
    return x


@expression("int", 1.2)
def shift(g: Generator, t: Type, depth: int) -> Expr:
    op = g.pick(("<<", ">>"))
    if g.chance(0.2):
        return e(t, "(", g.varying(t, depth - 1), f" {op} {g.rng.randint(0, 70)})", constant=False)
    return e(t, "(", g.varying(t, depth - 1), f" {op} ", count(g, depth - 2), ")", constant=False)


@expression("int", 0.2)
def of_a_constant(g: Generator, t: Type, depth: int) -> Expr:
    """An untyped constant takes the type of what is around it."""
    one = g.pick((1, 3, min(t.high, 85)))
    if g.chance(0.5):
        return e(t, f"{t}({one} << ", count(g, depth - 2), ")", constant=False)
    return e(t, "(", g.varying(t, depth - 1), f" ^ {one} << ", count(g, depth - 2), ")", constant=False)


@statement(0.5)
def shift_assign(g: Generator) -> list[Stmt] | None:
    target = g.place(g.int_type(), writable=True)
    return None if target is None else [s(target, f" {g.pick(('<<', '>>'))}= ", count(g, 1))]
