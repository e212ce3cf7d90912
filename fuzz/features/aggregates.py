"""Arrays and structs of any shape: literals, copies, comparison, embedded fields, blank fields."""

from __future__ import annotations

from ..generate import Generator
from ..rules import declaration, expression, statement
from ..tree import Expr, Part, Stmt, e, s
from ..types import BOOL, Type


@declaration(14)
def struct_types(g: Generator) -> None:
    for _ in range(g.rng.randint(1, 3)):
        name = g.top("S")
        fields: list[tuple[str, Type]] = []
        lines = []
        embedded = [t for t in g.structs if t.size <= 24]
        if embedded and g.chance(0.4):
            t = g.pick(embedded)
            fields.append((t.go, t))
            lines.append(t.go)
        for _ in range(g.rng.randint(1, 4)):
            t = g.plain_type(20)
            fields.append((g.name("f"), t))
            lines.append(f"{fields[-1][0]} {t}")
        if g.chance(0.15):
            lines.insert(g.rng.randint(0, len(lines)), "_ int32")
        g.declare(s(f"type {name} struct {{\n\t" + "\n\t".join(lines) + "\n}"))
        g.structs.append(Type(name, "struct", fields=tuple(fields)))


def literal(g: Generator, t: Type, depth: int) -> Expr:
    parts: list[Part] = [f"{t}{{"]
    if t.kind == "struct":
        chosen = [f for f in t.fields if g.chance(0.6)]
        for n, (name, of) in enumerate(chosen):
            parts += [", " if n else "", f"{name}: ", value(g, of, depth - 1)]
    elif g.chance(0.2):
        at = g.rng.randrange(t.len)
        parts += [f"{at}: ", value(g, t.element, depth - 1)]
    else:
        for n in range(g.rng.randint(0, t.len)):
            parts += [", " if n else "", value(g, t.element, depth - 1)]
    return e(t, *parts, "}", constant=False)


def value(g: Generator, t: Type, depth: int) -> Expr:
    """A value of any plain type."""
    if t.kind in ("int", "bool"):
        return g.expr(t, min(depth, 1))
    if g.chance(0.5):
        place = g.place(t, depth=1)
        if place is not None:
            return place
    return literal(g, t, depth)


@statement(1.6)
def declare(g: Generator) -> list[Stmt] | None:
    t = g.pick(g.structs) if g.structs and g.chance(0.5) else g.plain_type(64)
    if t.kind not in ("array", "struct") or not g.room(t):
        return None
    name = g.name("w")
    if g.chance(0.15):
        made = s(f"var {name} {t}\n_ = {name}")
    else:
        made = s(f"{name} := ", value(g, t, 2), f"\n_ = {name}")
    g.add(name, t)
    return [made]


@statement(1.2)
def copy_whole(g: Generator) -> list[Stmt] | None:
    found = [v for v in g.visible(True) if v.type.kind in ("array", "struct") and v.type.plain]
    if not found:
        return None
    t = g.pick(found).type
    if t.kind == "array" and t.element.kind in ("array", "struct") and g.chance(0.5):
        t = t.element
    target = g.place(t, writable=True)
    if target is None or not g.room(t):
        return None
    other = g.place(t, writable=True) if g.chance(0.2) else None
    if other is not None:
        return [s(target, ", ", other, " = ", other, ", ", target)]
    return [s(target, " = ", value(g, t, 2))]


@expression("bool", 0.7)
def equal(g: Generator, t: Type, depth: int) -> Expr | None:
    found = [v for v in g.visible() if v.type.kind in ("array", "struct") and v.type.comparable]
    if not found or not g.room(found[0].type):
        return None
    of = g.pick(found).type
    x, y = g.place(of), g.place(of)
    if x is None or y is None:
        return None
    if g.chance(0.4):
        y = e(of, "(", literal(g, of, 1), ")", constant=False)
    return e(BOOL, "(", x, f" {g.pick(('==', '!='))} ", y, ")", constant=False)


@statement(0.3)
def anonymous(g: Generator) -> list[Stmt]:
    """A struct whose type has no name, assigned to another of the same fields."""
    t, u = g.int_type(), g.scalar_type()
    x, y = g.name("w"), g.name("w")
    spelled = f"struct {{\n\tp {t}\n\tq {u}\n}}"
    made = s(f"{x} := {spelled}{{", g.expr(t, 1), ", ", g.expr(u, 1), f"}}\n{y} := {x}\n{x}.p++\n_ = {y}")
    for name in (x, y):
        g.add(name, Type(spelled, "struct", fields=(("p", t), ("q", u))))
    return [made]
