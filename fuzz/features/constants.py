"""Constants: iota, typed and untyped, wider than any type, divided exactly."""

from __future__ import annotations

from ..generate import Generator
from ..rules import declaration, expression
from ..tree import SERIAL, Expr, e, s
from ..types import Type

_BIG = "big_"


@declaration(12)
def table(g: Generator) -> None:
    t = g.int_type()
    names = [g.top("k") for _ in range(3)]
    shift = g.rng.randint(0, 3)
    lines = [
        f"{names[0]} {t} = iota + {g.rng.randint(0, 9)}",
        names[1],
        "_",
        f"{names[2]} = 1 << (iota + {shift})",
    ]
    g.declare(s("const (\n\t" + "\n\t".join(lines) + "\n)"))
    g.constants += [(names[0], t), (names[1], t)]
    g.declare(s(f"const {_BIG}{SERIAL} = {g.rng.randint(1, 1 << 70)} << {g.rng.randint(0, 60)}"))


@expression("int", 0.25)
def big(g: Generator, t: Type, depth: int) -> Expr:
    """Bits out of a constant that no type can hold."""
    mask = t.high
    how = g.pick(
        (f">> {g.rng.randint(1, 120)}", f"/ {g.rng.randint(2, 9999)}", f"% {g.rng.randint(2, 9999)}")
    )
    return e(t, f"{t}({_BIG}{SERIAL} {how} & {mask:#x})", constant=True)


@expression("int", 0.2)
def untyped(g: Generator, t: Type, depth: int) -> Expr | None:
    """Constant arithmetic whose parts are of no integer type."""
    if t.high < 100:
        return None
    text = g.pick(("7.0/2*2", "'a' + 1", "1e2", "0x1p5", "5 % 3 << 4", "-7 / 2 + 10", "1<<3|1"))
    return e(t, "(", g.varying(t, depth - 1), f" + ({text}))", constant=False)
