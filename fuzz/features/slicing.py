"""Slices of arrays: simple and full slice expressions, slices of slices, conversions to arrays, copy."""

from __future__ import annotations

from ..generate import Generator, Variable
from ..rules import expression, statement
from ..tree import Expr, Part, Stmt, e, s
from ..types import BOOL, INT, Type, array, slice_of


def sources(g: Generator) -> list[Variable]:
    """Arrays and slices of which a slice may be made; in a pure function none that others see."""
    own = [v for v in g.visible(True) if v.type.kind == "array" and v.type.element.plain and v.type.len > 1]
    return own + [v for v in g.scope.variables.values() if v.type.kind == "slice" and v.type.len > 1]


@statement(1.2)
def make_slice(g: Generator) -> list[Stmt] | None:
    found = sources(g)
    if not found:
        return None
    v = g.pick(found)
    n = v.type.len
    low, high = sorted((g.rng.randint(0, n), g.rng.randint(0, n)))
    if low == high:
        low, high = 0, n
    name = g.name("sl")
    bounds: list[Part] = [_bound(g, low, low), ":"]
    if high < n or g.chance(0.5):
        bounds.append(_bound(g, high, n))
        if g.chance(0.25):
            bounds += [":", str(g.rng.randint(high, n))]
            bounds[2] = str(high)
    if low == 0 and g.chance(0.3):
        bounds[0] = ""
    g.add(name, slice_of(v.type.element, high - low), fixed=g.chance(0.5))
    return [s(f"{name} := {v.name}[", *bounds, f"]\n_ = {name}")]


def _bound(g: Generator, usual: int, most: int) -> Part:
    """A constant bound, or one that comes from a variable and now and then is past ``most``."""
    if g.chance(0.8):
        return str(usual)
    x = g.varying(g.pick([t for t in g.ints if not t.signed]), 1)
    mask = (1 << max(most, 1).bit_length()) - 1
    return e(INT, "min(", x, f" & {mask}, {usual})" if g.chance(0.93) else f", {usual})", constant=False)


@statement(0.6)
def copy_elements(g: Generator) -> list[Stmt] | None:
    found = [
        v
        for v in g.visible(True)
        if v.type.kind in ("array", "slice") and v.type.element.plain and not g.pure
    ]
    pairs = [(x, y) for x in found for y in found if x.type.element == y.type.element]
    if not pairs or g.turns > 2:
        return None
    x, y = g.pick(pairs)
    at = g.rng.randint(0, x.type.len - 1) if x.type.kind == "array" else 0
    name = g.name("v")
    g.add(name, INT)
    return [s(f"{name} := copy({x.name}[{at or ''}:], {y.name}[{g.pick(('', '0'))}:])\n_ = {name}")]


@statement(0.4)
def to_array(g: Generator) -> list[Stmt] | None:
    """A slice converted to an array, or to a pointer to one: a panic where it is too short."""
    found = [v for v in g.visible() if v.type.kind == "slice" and v.type.len and v.type.element.plain]
    if not found:
        return None
    v = g.pick(found)
    t = array(v.type.element, max(1, v.type.len - g.rng.randint(0, 1)))
    if not g.room(t):
        return None
    name = g.name("w")
    g.add(name, t)
    if g.chance(0.4):
        return [s(f"{name} := *(*{t})({v.name})\n_ = {name}")]
    return [s(f"{name} := {t}({v.name})\n_ = {name}")]


@expression("bool", 0.15)
def slice_is_nil(g: Generator, t: Type, depth: int) -> Expr | None:
    found = [v for v in g.visible() if v.type.kind == "slice"]
    if not found:
        return None
    v = g.pick(found)
    return e(BOOL, "(", e(v.type, v.name, constant=False), f" {g.pick(('==', '!='))} nil)", constant=False)


@expression("int", 0.2)
def length_of_part(g: Generator, t: Type, depth: int) -> Expr | None:
    """What the compiler knows, and Go does not take for a constant."""
    found = [v for v in g.visible() if v.type.kind == "array"]
    if not found or t.go == "T" or any(v.name == "r" for v in found):
        return None
    v = g.pick(found)
    low = g.rng.randint(0, v.type.len)
    function = g.pick(("len", "cap"))
    return e(t, f"{t}({function}({v.name}[{low}:{g.rng.randint(low, v.type.len)}]))", constant=False)
