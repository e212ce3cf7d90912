"""Package variables: that are written, tables that are not, with values that are computed."""

from __future__ import annotations

from ..generate import Generator, Variable
from ..rules import declaration
from ..tree import s
from ..types import Type, array


def _literal(g: Generator, t: Type) -> str:
    """A literal of constants."""
    if t.kind in ("int", "bool"):
        return str(g.constant(t))
    if t.kind == "array":
        return f"{t}{{{', '.join(_literal(g, t.element) for _ in range(g.rng.randint(0, t.len)))}}}"
    return f"{t}{{{', '.join(f'{n}: {_literal(g, of)}' for n, of in t.fields if g.chance(0.7))}}}"


@declaration(20)
def variables(g: Generator) -> None:
    for _ in range(g.rng.randint(1, 3)):
        t, name = g.plain_type(64), g.top("g")
        value = _literal(g, t) if g.chance(0.6) else ""
        g.declare(s(f"var {name} {t}" + (f" = {value}" if value else "")))
        g.program.state.append((name, t, value))
        g.globals.append(Variable(name, t, shared=True))


@declaration(21)
def tables(g: Generator) -> None:
    """Nobody writes them."""
    for _ in range(g.rng.randint(0, 2)):
        t = array(g.plain_type(16), g.rng.randint(2, 8))
        name = g.top("table")
        g.declare(s(f"var {name} = {_literal(g, t)}"))
        g.globals.append(Variable(name, t, fixed=True, shared=True))
