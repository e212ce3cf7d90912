"""Interfaces where the concrete types are known: methods, assertions, type switches, nil, any."""

from __future__ import annotations

from ..generate import Generator
from ..rules import declaration, statement
from ..tree import SERIAL, Block, Part, Stmt, e, s
from ..types import BOOL, BY_NAME, Type


@declaration(38)
def shapes(g: Generator) -> None:
    """Two types with a method each, and a function that takes what has it."""
    a, b = g.int_type(), g.int_type()
    g.declare(
        s(f"type Shape_{SERIAL} interface {{\n\tArea_{SERIAL}(n int32) int32\n}}"),
        s(f"type Square_{SERIAL} struct {{\n\tside {a}\n}}"),
        s(f"type Flat_{SERIAL} {b}"),
    )
    with g.function((("side", a), ("n", BY_NAME["int32"])), pure=True):
        body = [
            s("side, n := r.side, n\n_, _ = side, n"),
            s("return ", g.expr(BY_NAME["int32"], 2), kept=True),
        ]
    g.declare(s(f"func (r *Square_{SERIAL}) Area_{SERIAL}(n int32) int32 ", Block(body)))
    with g.function((("x", b), ("n", BY_NAME["int32"])), pure=True):
        body = [s(f"x := {b}(r)\n_ = x"), s("return ", g.expr(BY_NAME["int32"], 2), kept=True)]
    g.declare(s(f"func (r Flat_{SERIAL}) Area_{SERIAL}(n int32) int32 ", Block(body)))
    noinline = "//go:noinline\n" if g.chance(0.3) else ""
    text = f"func area_{SERIAL}(s Shape_{SERIAL}, n int32) int32 {{\n\treturn s.Area_{SERIAL}(n) + 1\n}}"
    g.declare(s(noinline + text))
    g.shapes = (a, b)


def _values(g: Generator) -> tuple[list[Part], list[Part]]:
    assert g.shapes is not None
    a, b = g.shapes
    return [f"&Square_{SERIAL}{{", g.expr(a, 1), "}"], [f"Flat_{SERIAL}(", g.varying(b, 1), ")"]


@statement(0.6)
def measured(g: Generator) -> list[Stmt] | None:
    if g.shapes is None or g.turns > 3:
        return None
    square, flat = _values(g)
    n, x = g.name("v"), g.expr(BY_NAME["int32"], 1)
    g.add(n, BY_NAME["int32"])
    return [s(f"{n} := area_{SERIAL}(", *g.pick((square, flat)), ", ", x, f")\n_ = {n}")]


@statement(0.6)
def chosen(g: Generator) -> list[Stmt] | None:
    """One value or another of the same type, or none."""
    if g.shapes is None or g.turns > 3 or g.closing:
        return None
    which = g.rng.randrange(2)
    first, second = _values(g)[which], _values(g)[which]
    i, n = g.name("sh"), g.name("v")
    parts: list[Part] = [f"var {i} Shape_{SERIAL}"]
    if g.chance(0.85):
        parts += [" = ", *first]
    parts += ["\nif ", g.varying(BOOL, 2), f" {{\n\t{i} = ", *second, "\n}"]
    parts += [f"\n{n} := {i}.Area_{SERIAL}(", g.expr(BY_NAME["int32"], 1), f")\n_ = {n}"]
    g.add(n, BY_NAME["int32"])
    return [s(*parts)]


@statement(0.6, nests=True)
def type_switch(g: Generator) -> list[Stmt] | None:
    """Of an any that holds one of two types, or nothing."""
    if g.turns > 3 or g.closing:
        return None
    t, u = g.rng.sample([x for x in g.ints if x.go != "T"], 2)
    i, x = g.name("any"), g.name("v")
    parts: list[Part] = [f"var {i} any"]
    if g.chance(0.8):
        parts += [" = ", g.varying(t, 1)]
    parts += ["\nif ", g.varying(BOOL, 1), f" {{\n\t{i} = ", g.varying(u, 1), "\n}"]
    parts += [f"\nswitch {x} := {i}.(type) {{"]
    for of in (t, u):
        parts += [f"\ncase {of}:", _case(g, x, of)]
    if g.chance(0.7):
        parts += [f"\ncase nil:\n\t_ = {x}", g.block(1, 1, braces=False)]
    return [s(*parts, "\n}")]


def _case(g: Generator, x: str, of: Type) -> Block:
    with g.nested():
        g.add(x, of)
        return Block([s(f"_ = {x}"), *g.statements(g.rng.randint(1, 2))], braces=False)


@statement(0.4)
def asserted(g: Generator) -> list[Stmt] | None:
    if g.turns > 3 or g.closing:
        return None
    t, u = g.rng.sample([x for x in g.ints if x.go != "T"], 2)
    i, x, ok = g.name("any"), g.name("v"), g.name("ok")
    parts: list[Part] = [f"var {i} any = ", g.varying(t, 1)]
    parts += ["\nif ", e(BOOL, g.varying(BOOL, 1), constant=False), f" {{\n\t{i} = ", g.varying(u, 1), "\n}"]
    g.add(x, t)
    if g.chance(0.2):
        return [s(*parts, f"\n{x} := {i}.({t})\n_ = {x}")]
    g.add(ok, BOOL)
    return [s(*parts, f"\n{x}, {ok} := {i}.({t})\n_, _ = {x}, {ok}")]
