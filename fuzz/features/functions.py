"""Functions: pure ones in expressions; others with pointers, slices, structs, any number of parameters."""

from __future__ import annotations

from ..generate import Callable, Function, Generator
from ..rules import declaration, expression, statement
from ..tree import Block, Expr, Part, Stmt, e, joined, s
from ..types import Type, pointer, slice_of
from .aggregates import value

MOST_CALLS = 10
TURNS = 6
"""How often a function's statements count as run: it may be called as often."""


@declaration(30)
def pure(g: Generator) -> None:
    for _ in range(g.rng.randint(0, 2)):
        params = [g.int_type(), *(_value_type(g) for _ in range(g.rng.randint(0, 6)))]
        write(g, Function(g.top("pure"), tuple(params), (g.scalar_type(),), True))


@declaration(31)
def effectful(g: Generator) -> None:
    for _ in range(g.rng.randint(0, 2)):
        params = [g.int_type(), *(_any_type(g) for _ in range(g.rng.randint(0, 5)))]
        results = tuple(_value_type(g) for _ in range(g.rng.randint(0, 3)))
        write(g, Function(g.top("act"), tuple(params), results, False))


def _value_type(g: Generator) -> Type:
    return g.plain_type(24) if g.chance(0.15) else g.scalar_type()


def _any_type(g: Generator) -> Type:
    kind = g.rng.random()
    if kind < 0.12:
        return pointer(g.int_type())
    if kind < 0.2 and g.structs:
        return pointer(g.pick(g.structs))
    if kind < 0.35:
        return slice_of(g.int_type(), 2)
    return _value_type(g)


def write(g: Generator, f: Function, head: str = "", receiver: str = "") -> None:
    """A function with a body; from then on it can be called."""
    names = [f"a{n}" for n in range(len(f.params))]
    params = list(zip(names, f.params, strict=True))
    own = [("r", f.receiver)] if f.receiver is not None else []
    with g.function(own + params, f.pure, TURNS):
        named = g.chance(0.3) and len(f.results) > 0
        results = [(f"x{n}", t) for n, t in enumerate(f.results)]
        if named:
            for name, t in results:
                g.add(name, t)
        g.result = f.results if f.results else None
        body = g.statements(g.rng.randint(0, 3))
        if named and g.chance(0.5):
            body.append(s("return", kept=True))
        elif f.results:
            body.append(s("return ", *joined([value(g, t, 2) for t in f.results]), kept=True))
    signature = ", ".join(f"{n} {t}" for n, t in params)
    given = ", ".join(f"{n} {t}" if named else t.go for n, t in results)
    short = f.name.rpartition(".")[2]
    g.declare(
        s(
            "//go:noinline\n" if g.chance(0.5) else "",
            f"func {receiver}{short}{head}({signature}) ({given}) ",
            Block(body),
        )
    )
    g.functions.append(f)


def argument(g: Generator, t: Type) -> Expr | None:
    """A value to pass."""
    if t.kind == "pointer":
        found = [v for v in g.visible(True) if v.type == t.element or v.type == t]
        if not found:
            return None
        v = g.pick(found)
        return e(t, v.name if v.type == t else f"&{v.name}", constant=False)
    if t.kind == "slice":
        fits = [
            v for v in g.visible(True) if v.type.kind in ("array", "slice") and v.type.element == t.element
        ]
        if not fits:
            return None
        v = g.pick(fits)
        low = g.rng.randint(0, max(v.type.len - 2, 0)) if v.type.kind == "array" else 0
        return e(t, f"{v.name}[{low or ''}:]", constant=False)
    return value(g, t, 1)


def arguments(g: Generator, params: tuple[Type, ...]) -> list[Part] | None:
    made = []
    for t in params:
        one = argument(g, t)
        if one is None:
            return None
        made.append(one)
    return joined(made)


def count_call(g: Generator) -> bool:
    """Whether one more call is bearable here."""
    if g.turns > 6 or g.calls > MOST_CALLS:
        return False
    g.calls += 1
    return True


@expression("int", 0.6)
@expression("bool", 0.3)
def call(g: Generator, t: Type, depth: int) -> Expr | None:
    fitting = [f for f in g.functions if f.results == (t,) and f.pure and f.receiver is None]
    if not fitting or not count_call(g):
        return None
    f = g.pick(fitting)
    passed = arguments(g, f.params)
    return None if passed is None else e(t, f"{f.name}(", *passed, ")", constant=False)


@statement(1.2, effects=True)
def act(g: Generator) -> list[Stmt] | None:
    fitting = [f for f in g.functions if not f.pure and f.receiver is None]
    if not fitting or not count_call(g):
        return None
    f = g.pick(fitting)
    passed = arguments(g, f.params)
    if passed is None:
        return None
    return keep(g, f, [f"{f.name}(", *passed, ")"])


def keep(g: Generator, f: Function | Callable, called: list[Part]) -> list[Stmt]:
    """A statement for a call with effects: results into new variables, old ones, or nowhere."""
    if not f.results or g.chance(0.1):
        return [s(*called)]
    names, fresh = [], False
    for t in f.results:
        old = [
            v.name for v in g.scope.variables.values() if v.type == t and not v.fixed and v.name not in names
        ]
        if g.chance(0.15):
            names.append("_")
        elif old and g.chance(0.3):
            names.append(g.pick(old))
        else:
            names.append(g.name("v"))
            fresh = True
            g.add(names[-1], t)
    if fresh:
        shown = [n for n in names if n != "_"]
        for n, t in zip(names, f.results, strict=True):
            if n != "_":
                g.add(n, t)
        return [
            s(f"{', '.join(names)} := ", *called, f"\n{', '.join('_' for _ in shown)} = {', '.join(shown)}")
        ]
    return [s(f"{', '.join(names)} = ", *called)]
