"""Package unsafe: sizes and offsets, which are constants, and bytes of variables seen through pointers."""

from __future__ import annotations

from ..generate import Generator
from ..rules import expression, statement
from ..tree import Expr, Stmt, e, s
from ..types import BY_NAME, Type


@expression("int", 0.15)
def sizes(g: Generator, t: Type, depth: int) -> Expr | None:
    if t.bits <= 8:
        return None
    of = g.plain_type(64)
    if of.kind == "struct" and g.chance(0.5):
        field = g.pick(of.fields)[0]
        return e(t, f"{t}(unsafe.Offsetof({of}{{}}.{field}))", constant=True)
    return e(t, f"{t}(unsafe.{g.pick(('Sizeof', 'Alignof'))}({g.zero(of)}))", constant=True)


@statement(0.4)
def bytes_of(g: Generator) -> list[Stmt] | None:
    """A byte of an integer, little end first."""
    wide = [
        v
        for v in g.scope.variables.values()
        if v.type.kind == "int" and v.type.bits >= 16 and v.type.go != "T"
    ]
    if not wide:
        return None
    v = g.pick(wide)
    name = g.name("v")
    g.add(name, BY_NAME["uint8"])
    at = g.rng.randrange(v.type.bits // 8)
    if at == 0 or g.chance(0.5):
        return [s(f"{name} := (*[{v.type.bits // 8}]uint8)(unsafe.Pointer(&{v.name}))[{at}]\n_ = {name}")]
    return [s(f"{name} := *(*uint8)(unsafe.Add(unsafe.Pointer(&{v.name}), {at}))\n_ = {name}")]
