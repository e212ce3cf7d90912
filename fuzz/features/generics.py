"""Generic functions and types: constraints, inferred and given type arguments, methods."""

from __future__ import annotations

from ..generate import Generator
from ..rules import declaration, expression
from ..tree import SERIAL, Block, Expr, e, s
from ..types import BOOL, INTS, Type
from .functions import count_call

_CONSTRAINT = (
    "~int8 | ~int16 | ~int32 | ~int64 | ~int | ~uint8 | ~uint16 | ~uint32 | ~uint64 | ~uint | ~uintptr"
)
T = Type("T", "int", 8, False, low=0, high=100)


@declaration(33)
def functions(g: Generator) -> None:
    g.declare(s(f"type Number_{SERIAL} interface {{\n\t{_CONSTRAINT}\n}}"))
    kept = g.ints
    for n in range(g.rng.randint(1, 2)):
        g.ints = [*kept, T]
        with g.function((("x", T), ("y", T), ("n", g.pick(INTS))), pure=True, turns=6):
            last = g.scope.variables["n"].type
            g.result = (T,)
            body = g.statements(g.rng.randint(1, 3))
            body.append(s("return ", g.expr(T, 3), kept=True))
        head = "//go:noinline\n" if g.chance(0.3) else ""
        name = f"gen{n}_{SERIAL}"
        g.declare(s(head, f"func {name}[T Number_{SERIAL}](x, y T, n {last}) T ", Block(body)))
        g.generic.append((name, last))
    g.ints = kept


@declaration(34)
def types(g: Generator) -> None:
    """A pair with a method, and a function over arrays of them."""
    with g.function((("l", T), ("h", T)), pure=True):
        less = g.varying(BOOL, 2)
    g.declare(
        s(f"type Pair_{SERIAL}[T Number_{SERIAL}] struct {{\n\tl, h T\n}}"),
        s(
            f"func (r Pair_{SERIAL}[T]) pick_{SERIAL}() T {{\n\tl, h := r.l, r.h\n\tif ",
            less,
            " {\n\t\treturn h\n\t}\n\treturn l\n}",
        ),
    )


@expression("int", 0.4)
def call(g: Generator, t: Type, depth: int) -> Expr | None:
    if not g.generic or t == T or not count_call(g):
        return None
    name, last = g.pick(g.generic)
    given = f"[{t}]" if g.chance(0.5) else ""
    return e(
        t, f"{name}{given}(", g.expr(t, 1), ", ", g.expr(t, 1), ", ", g.expr(last, 1), ")", constant=False
    )  # fmt: skip


@expression("int", 0.3)
def pair(g: Generator, t: Type, depth: int) -> Expr | None:
    if t == T or not g.generic or g.pure:
        return None
    return e(
        t, f"(Pair_{SERIAL}[{t}]{{", g.expr(t, 1), ", ", g.expr(t, 1), f"}}).pick_{SERIAL}()", constant=False
    )
