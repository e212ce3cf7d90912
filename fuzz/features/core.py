"""Integers and bools: operators, conversions, conditions, assignments, the trace of what happened."""

from __future__ import annotations

import re

from ..generate import Generator
from ..rules import declaration, expression, statement
from ..tree import SERIAL, Expr, Stmt, e, s
from ..types import BOOL, INTS, Type, integer


@declaration(10)
def named_integers(g: Generator) -> None:
    for _ in range(g.rng.randint(0, 2)):
        base = g.pick(INTS)
        t = integer(g.top("Int"), base.bits, base.signed)
        g.declare(s(f"type {t} {base}"))
        g.ints.append(t)


@expression("int", 4)
def binary(g: Generator, t: Type, depth: int) -> Expr:
    op = g.pick(("+", "-", "*", "&", "|", "^", "&^"))
    return e(t, "(", g.varying(t, depth - 1), f" {op} ", g.expr(t, depth - 1), ")", constant=False)


@expression("int", 1)
def division(g: Generator, t: Type, depth: int) -> Expr:
    by = g.varying(t, depth - 1)
    if g.chance(0.93):
        by = e(t, "(", by, " | 1)", constant=False)
    elif g.chance(0.5):
        by = e(t, f"{t}({g.pick((3, 7, 10, 16, 100))})", constant=True)
    return e(t, "(", g.varying(t, depth - 1), f" {g.pick('/%')} ", by, ")", constant=False)


@expression("int", 0.6)
def unary(g: Generator, t: Type, depth: int) -> Expr:
    return e(t, f"({g.pick('-^+')}", g.varying(t, depth - 1), ")", constant=False)


@expression("int", 1.3)
def conversion(g: Generator, t: Type, depth: int) -> Expr:
    return e(t, f"{t}(", g.varying(g.int_type(), depth - 1), ")", constant=False)


@expression("bool", 6)
def comparison(g: Generator, t: Type, depth: int) -> Expr:
    of = g.int_type()
    op = g.pick(("==", "!=", "<", "<=", ">", ">="))
    return e(t, "(", g.varying(of, depth - 1), f" {op} ", g.expr(of, depth - 1), ")", constant=False)


@expression("bool", 2.5)
def logic(g: Generator, t: Type, depth: int) -> Expr:
    op = g.pick(("&&", "||", "==", "!="))
    return e(t, "(", g.varying(BOOL, depth - 1), f" {op} ", g.varying(BOOL, depth - 1), ")", constant=False)


@expression("bool", 0.6)
def negation(g: Generator, t: Type, depth: int) -> Expr:
    return e(t, "!", g.varying(BOOL, depth - 1), constant=False)


@statement(3)
def declare(g: Generator) -> list[Stmt]:
    t = g.scalar_type()
    value = g.expr(t, 3)
    name = g.name("v")
    form = g.pick((f"var {name} {t} = ", f"{name} := " if not value.constant else f"var {name} {t} = "))
    g.add(name, t)
    return [s(form, value, f"\n_ = {name}")]


@statement(1)
def shadow(g: Generator) -> list[Stmt] | None:
    """In a block: a new variable of a name that is there, made of the old one."""
    found = [
        v
        for v in g.scope.variables.values()
        if v.type.kind == "int" and not v.fixed and v.name not in g.scope.own
    ]
    if not found or g.depth == 0:
        return None
    v, t = g.pick(found), g.int_type()
    made = s(f"{v.name} := {t}({v.name}) + ", g.expr(t, 2), f"\n_ = {v.name}")
    g.add(v.name, t)
    return [made]


@statement(6)
def assign(g: Generator) -> list[Stmt] | None:
    t = g.scalar_type()
    target = g.place(t, writable=True, depth=1)
    if target is None:
        return None
    if t.kind == "bool":
        return [s(target, " = ", g.expr(t, 3))]
    kind = g.rng.random()
    if kind < 0.55:
        return [s(target, " = ", g.expr(t, 3))]
    if kind < 0.7:
        return [s(target, g.pick(("++", "--")))]
    if kind < 0.8:
        return [s(target, f" {g.pick('/%')}= ", e(t, g.varying(t, 2), " | 1", constant=False))]
    return [s(target, f" {g.pick(('+', '-', '*', '&', '|', '^', '&^'))}= ", g.expr(t, 2))]


_MAY_PANIC = re.compile(rf"[/%[]|\.Div|{SERIAL}\(|\(\*")


@statement(0.7)
def assign_two(g: Generator) -> list[Stmt] | None:
    """Both right sides before both left ones, but gc may assign the first before the second panics."""
    t, u = g.int_type(), g.int_type()
    x, y = g.place(t, True), g.place(u, True)
    if x is None or y is None:
        return None
    first, second = g.expr(t, 2), g.expr(u, 2)
    return None if _MAY_PANIC.search(str(second)) else [s(x, ", ", y, " = ", first, ", ", second)]


@statement(0.5)
def swap(g: Generator) -> list[Stmt] | None:
    t = g.scalar_type()
    x, y = g.place(t, True), g.place(t, True)
    return None if x is None or y is None else [s(x, ", ", y, " = ", y, ", ", x)]


@statement(0.4)
def blank(g: Generator) -> list[Stmt]:
    """Nothing but a panic, perhaps."""
    t = g.scalar_type()
    return [s("_ = ", g.varying(t, 2))]


@statement(3, effects=True)
def note(g: Generator) -> list[Stmt]:
    """What happened in which order, also when a panic comes."""
    value = g.varying(g.int_type(), 2)
    return [s(f"trace_{SERIAL} = trace_{SERIAL}*31 + uint64(", value, ")")]


@statement(0.4, effects=True)
def panic_here(g: Generator) -> list[Stmt]:
    return [s("if ", g.expr(BOOL, 2), " {\n\tif ", g.expr(BOOL, 1), ' {\n\t\tpanic("here")\n\t}\n}')]


@expression("int", 0.1)
def lengths(g: Generator, t: Type, depth: int) -> Expr | None:
    found = [v for v in g.visible() if v.type.kind in ("array", "slice")]
    if not found:
        return None
    v = g.pick(found)
    function = g.pick(("len", "cap"))
    if v.type.kind == "array":
        return None if v.type.len > t.high else e(t, f"{t}({function}({v.name}))", constant=True)
    return e(t, f"{t}({function}(", e(v.type, v.name, constant=False), "))", constant=False)
