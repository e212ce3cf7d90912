"""min, max, clear."""

from __future__ import annotations

from ..generate import Generator
from ..rules import expression, statement
from ..tree import Expr, Part, Stmt, e, s
from ..types import Type


@expression("int", 0.6)
def extremes(g: Generator, t: Type, depth: int) -> Expr:
    parts: list[Part] = [f"{g.pick(('min', 'max'))}(", g.varying(t, depth - 1)]
    for _ in range(g.rng.randint(1, 2)):
        parts += [", ", g.expr(t, depth - 1)]
    return e(t, *parts, ")", constant=False)


@statement(0.3)
def clear_elements(g: Generator) -> list[Stmt] | None:
    found = [v for v in g.visible(True) if v.type.kind in ("array", "slice") and not g.pure]
    if not found:
        return None
    v = g.pick(found)
    return [s(f"clear({v.name}[{g.rng.randint(0, v.type.len - 1) if v.type.kind == 'array' else ''}:])")]
