"""append within the capacity that an array gives, and make of a constant size."""

from __future__ import annotations

from ..generate import Generator
from ..rules import statement
from ..tree import Part, Stmt, s
from ..types import INT, array, slice_of


@statement(0.7)
def filled(g: Generator) -> list[Stmt] | None:
    """A slice of an array of its own, that grows by one element or several, never past the array."""
    t = g.int_type()
    n = g.rng.randint(3, 6)
    if g.turns > 2 or not g.room(array(t, n)):
        return None
    buffer, name = g.name("w"), g.name("sl")
    begin = g.rng.randint(0, 1)
    first = f"var {buffer} [{n}]{t}\n{name} := {buffer}[:{begin}]"
    if g.chance(0.3):
        first = f"{name} := make([]{t}, {begin}, {n})"
    parts: list[Part] = [first]
    length = begin
    while length < n and g.chance(0.8):
        count = g.rng.randint(1, min(2, n - length))
        parts.append(f"\n{name} = append({name}")
        for _ in range(count):
            parts += [", ", g.expr(t, 1)]
        parts.append(")")
        length += count
    g.add(name, slice_of(t, max(length, 1)), fixed=True)
    return [s(*parts, f"\n_ = {name}")]


@statement(0.4)
def appended_slice(g: Generator) -> list[Stmt] | None:
    """All elements of one slice behind those of another, where there is room for them."""
    found = [v for v in g.scope.variables.values() if v.type.kind in ("array", "slice") and v.type.len]
    found = [v for v in found if v.type.element.kind == "int"]
    if not found or g.turns > 2:
        return None
    v = g.pick(found)
    t, n = v.type.element, 8
    if v.type.len > n or not g.room(array(t, n)):
        return None
    buffer, name, size = g.name("w"), g.name("sl"), g.name("v")
    start = g.rng.randint(0, n - v.type.len)
    g.add(size, INT)
    bound = f"[:min(len({v.name}), {v.type.len})]"
    grown = f"{name} := append({buffer}[:{start}], {v.name}{bound}...)"
    return [s(f"var {buffer} [{n}]{t}\n{grown}\n{size} := len({name})*10 + cap({name})\n_ = {size}")]
