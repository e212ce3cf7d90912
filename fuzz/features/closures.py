"""Function values: literals that capture, functions, method values, chosen ones; as arguments and results."""

from __future__ import annotations

from ..generate import Callable, Generator
from ..rules import declaration, expression, statement
from ..tree import SERIAL, Block, Expr, Part, Stmt, e, joined, s
from ..types import BOOL, BY_NAME, Type
from .aggregates import value
from .functions import arguments, count_call, keep


def literal(g: Generator, params: tuple[Type, ...], results: tuple[Type, ...], pure: bool) -> Expr:
    """A function literal; a pure one changes nothing that it captures."""
    names = [g.name("x") for _ in params]
    with g.closure(list(zip(names, params, strict=True)), pure):
        g.result = results or None
        body = g.statements(g.rng.randint(0, 2))
        if results:
            body.append(s("return ", *joined([value(g, t, 2) for t in results]), kept=True))
    signature = ", ".join(f"{n} {t}" for n, t in zip(names, params, strict=True))
    given = ", ".join(t.go for t in results)
    return e(BOOL, f"func({signature}) ({given}) ", Block(body), constant=False)


@statement(1)
def pure_closure(g: Generator) -> list[Stmt] | None:
    if g.loops or g.closing:
        return None
    params = tuple(g.scalar_type() for _ in range(g.rng.randint(0, 3)))
    made = Callable(g.name("fn"), params, (g.scalar_type(),), True)
    parts: list[Part] = [f"{made.name} := ", literal(g, params, made.results, True)]
    if g.chance(0.25):
        parts += [
            "\nif ",
            g.varying(BOOL, 1),
            f" {{\n\t{made.name} = ",
            literal(g, params, made.results, True),
            "\n}",
        ]
    g.scope.callables.append(made)
    return [s(*parts, f"\n_ = {made.name}")]


@statement(0.8, effects=True)
def acting_closure(g: Generator) -> list[Stmt] | None:
    if g.loops or g.closing:
        return None
    params = tuple(g.scalar_type() for _ in range(g.rng.randint(0, 2)))
    results = tuple(g.scalar_type() for _ in range(g.rng.randint(0, 2)))
    made = Callable(g.name("fn"), params, results, False)
    body = literal(g, params, results, False)
    g.scope.callables.append(made)
    return [s(f"{made.name} := ", body, f"\n_ = {made.name}")]


@statement(0.4)
def method_value(g: Generator) -> list[Stmt] | None:
    fitting = [f for f in g.functions if f.pure and f.receiver is not None]
    if not fitting or g.turns > 3:
        return None
    f = g.pick(fitting)
    found = [v for v in g.scope.variables.values() if v.type == f.receiver]
    if not found or not count_call(g):
        return None
    made = Callable(g.name("fn"), f.params, f.results, True)
    g.scope.callables.append(made)
    return [s(f"{made.name} := {g.pick(found).name}.{f.name}\n_ = {made.name}")]


@statement(0.4)
def function_value(g: Generator) -> list[Stmt] | None:
    fitting = [f for f in g.functions if f.pure and f.receiver is None]
    if not fitting or g.turns > 3:
        return None
    f = g.pick(fitting)
    made = Callable(g.name("fn"), f.params, f.results, True)
    g.scope.callables.append(made)
    return [s(f"{made.name} := {f.name}\n_ = {made.name}")]


@expression("int", 0.8)
@expression("bool", 0.4)
def call(g: Generator, t: Type, depth: int) -> Expr | None:
    fitting = [c for c in g.scope.callables if c.pure and c.results == (t,)]
    if not fitting or not count_call(g):
        return None
    c = g.pick(fitting)
    passed = arguments(g, c.params)
    return None if passed is None else e(t, f"{c.name}(", *passed, ")", constant=False)


@statement(1, effects=True)
def act(g: Generator) -> list[Stmt] | None:
    fitting = [c for c in g.scope.callables if not c.pure]
    if not fitting or not count_call(g):
        return None
    c = g.pick(fitting)
    passed = arguments(g, c.params)
    return None if passed is None else keep(g, c, [f"{c.name}(", *passed, ")"])


@declaration(36)
def higher(g: Generator) -> None:
    """Functions that take functions and give functions."""
    t = BY_NAME[g.pick(("int32", "uint64", "int8"))]
    noinline = "//go:noinline\n" if g.chance(0.3) else ""
    g.declare(
        s(f"{noinline}func twice_{SERIAL}(f func({t}) {t}, x {t}) {t} {{\n\treturn f(f(x))\n}}"),
        s(
            f"func counter_{SERIAL}(n {t}) func() {t} {{\n\treturn func() {t} {{",
            "\n\t\tn += 3\n\t\treturn n\n\t}\n}",
        ),
    )
    g.higher.append(t)


@expression("int", 0.4)
def applied(g: Generator, t: Type, depth: int) -> Expr | None:
    if t not in g.higher or g.closing or g.loops or not count_call(g):
        return None
    return e(t, f"twice_{SERIAL}(", literal(g, (t,), (t,), True), ", ", g.expr(t, 1), ")", constant=False)


@statement(0.3)
def counters(g: Generator) -> list[Stmt] | None:
    if not g.higher or g.turns > 2:
        return None
    t, c, x, y = g.higher[0], g.name("fn"), g.name("v"), g.name("v")
    start = g.expr(t, 2)
    g.add(x, t)
    g.add(y, t)
    return [s(f"{c} := counter_{SERIAL}(", start, f")\n{x} := {c}()\n{y} := {c}()\n_, _ = {x}, {y}")]
