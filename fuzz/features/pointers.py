"""Pointers to variables, fields, elements; nil; pointers that are chosen; pointers as arguments."""

from __future__ import annotations

from ..generate import Generator
from ..rules import expression, statement
from ..tree import Expr, Stmt, e, s
from ..types import BOOL, Type, pointer


def _addressable(g: Generator, t: Type) -> Expr | None:
    """Something that the program may write, and that lives as long as what is around it."""
    found = [
        v for v in g.visible(True) if v.type.has(t) and v.type.kind in ("int", "bool", "array", "struct")
    ]
    if not found:
        return None
    v = g.pick(found)
    return g.inside(e(v.type, v.name, constant=False), t, 1)


@statement(1)
def address(g: Generator) -> list[Stmt] | None:
    t = g.pick(g.structs) if g.structs and g.chance(0.4) else g.scalar_type()
    at = _addressable(g, t)
    if at is None:
        return None
    name = g.name("p")
    g.add(name, pointer(t), fixed=True)
    return [s(f"{name} := &", at, f"\n_ = {name}")]


@statement(0.5)
def chosen(g: Generator) -> list[Stmt] | None:
    """A pointer that depends on the input, nil at times."""
    t = g.pick(g.structs) if g.structs and g.chance(0.4) else g.int_type()
    x, y = _addressable(g, t), _addressable(g, t)
    if x is None or y is None:
        return None
    name = g.name("p")
    first = "var " + name + f" *{t}" if g.chance(0.12) else f"{name} := &"
    begin = [first] if first.startswith("var") else [first, x]
    g.add(name, pointer(t), fixed=True)
    return [s(*begin, "\nif ", g.varying(BOOL, 2), f" {{\n\t{name} = &", y, f"\n}}\n_ = {name}")]


@statement(0.8)
def through(g: Generator) -> list[Stmt] | None:
    found = [v for v in g.visible(True) if v.type.kind == "pointer" and v.type.element.kind == "int"]
    found += [
        v for v in g.scope.variables.values() if v.type.kind == "pointer" and v.type.element.kind == "int"
    ]
    if not found or g.pure:
        return None
    v = g.pick(found)
    t = v.type.element
    return [s(f"*{v.name} {g.pick(('=', '+=', '^=', '-='))} ", g.expr(t, 2))]


@expression("bool", 0.3)
def is_nil(g: Generator, t: Type, depth: int) -> Expr | None:
    found = [v for v in g.visible() if v.type.kind == "pointer"]
    if not found:
        return None
    return e(
        BOOL,
        "(",
        e(found[0].type, g.pick(found).name, constant=False),
        f" {g.pick(('==', '!='))} nil)",
        constant=False,
    )
