"""Methods: of values and of pointers, of named integers and structs, promoted from embedded fields."""

from __future__ import annotations

from ..generate import Function, Generator
from ..rules import declaration, expression, statement
from ..tree import Expr, Stmt, e
from ..types import INTS, Type, pointer
from .functions import arguments, count_call, keep, write


@declaration(32)
def methods(g: Generator) -> None:
    named = [t for t in (*g.structs, *(t for t in g.ints if t not in INTS))]
    if not named:
        return
    for _ in range(g.rng.randint(1, 3)):
        t = g.pick(named)
        params = (g.int_type(), *(g.scalar_type() for _ in range(g.rng.randint(0, 3))))
        if g.chance(0.5):
            f = Function(g.top("Get"), params, (g.scalar_type(),), True, t)
            write(g, f, receiver=f"(r {t}) ")
        else:
            results = tuple(g.scalar_type() for _ in range(g.rng.randint(0, 2)))
            f = Function(g.top("Set"), params, results, False, pointer(t))
            write(g, f, receiver=f"(r *{t}) ")


def _path(g: Generator, outer: Type, wanted: Type) -> bool:
    """Whether a method of ``wanted`` is one of ``outer`` by embedding."""
    return outer == wanted or any(name == t.go and _path(g, t, wanted) for name, t in outer.fields)


@expression("int", 0.5)
@expression("bool", 0.3)
def get(g: Generator, t: Type, depth: int) -> Expr | None:
    fitting = [f for f in g.functions if f.pure and f.receiver is not None and f.results == (t,)]
    if not fitting:
        return None
    f = g.pick(fitting)
    assert f.receiver is not None
    found = [v for v in g.visible() if _path(g, v.type, f.receiver) or v.type == pointer(f.receiver)]
    if not found or not count_call(g):
        return None
    v = g.pick(found)
    passed = arguments(g, f.params)
    return (
        None
        if passed is None
        else e(t, e(v.type, v.name, constant=False), f".{f.name}(", *passed, ")", constant=False)
    )


@statement(0.8, effects=True)
def set_(g: Generator) -> list[Stmt] | None:
    fitting = [f for f in g.functions if not f.pure and f.receiver is not None]
    if not fitting:
        return None
    f = g.pick(fitting)
    assert f.receiver is not None
    of = f.receiver.element
    found = [v for v in g.visible(True) if _path(g, v.type, of) or v.type == f.receiver]
    if not found or not count_call(g):
        return None
    v = g.pick(found)
    passed = arguments(g, f.params)
    return None if passed is None else keep(g, f, [f"{v.name}.{f.name}(", *passed, ")"])
