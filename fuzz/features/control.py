"""if, switch, for in its forms, range, labels, break, continue, goto."""

from __future__ import annotations

from ..generate import Generator, Loop
from ..rules import statement
from ..tree import Block, Part, Stmt, e, s
from ..types import BOOL, INT, Type

MOST_TURNS = 16


@statement(3, nests=True)
def if_else(g: Generator) -> list[Stmt]:
    parts: list[Part] = ["if "]
    with g.nested():
        if g.chance(0.15):
            t, name = g.int_type(), g.name("v")
            parts += [f"{name} := ", g.varying(t, 2), "; "]
            g.add(name, t)
            parts += [e(BOOL, name, " > ", g.expr(t, 1), constant=False)]
        else:
            parts.append(g.expr(BOOL, 2))
        parts += [" ", g.block(1, 3)]
        if g.chance(0.25):
            parts += [" else if ", g.expr(BOOL, 2), " ", g.block(1, 2)]
        if g.chance(0.45):
            parts += [" else ", g.block(1, 2)]
    return [s(*parts)]


@statement(1, nests=True)
def bare_block(g: Generator) -> list[Stmt]:
    return [s(g.block(1, 2))]


@statement(1.5, nests=True)
def switch(g: Generator) -> list[Stmt]:
    t = g.int_type()
    parts: list[Part] = ["switch ", g.varying(t, 2), " {"]
    values = g.rng.sample(range(0, 14), g.rng.randint(1, 5))
    cases = [values[:1], *([v] for v in values[1:-1])] + ([values[-1:]] if len(values) > 1 else [])
    if len(cases) > 2 and g.chance(0.5):
        cases[0] += cases.pop()
    default = g.rng.randint(0, len(cases)) if g.chance(0.7) else -1
    for n, case in enumerate(cases):
        if n == default:
            parts += ["\ndefault:", g.block(1, 2, braces=False)]
        body = g.block(1, 2, braces=False)
        if g.chance(0.2) and n + 1 < len(cases):
            body.statements.append(s("fallthrough"))
        parts += [f"\ncase {', '.join(map(str, case))}:", body]
    if default == len(cases):
        parts += ["\ndefault:", g.block(1, 1, braces=False)]
    return [s(*parts, "\n}")]


@statement(0.6, nests=True)
def switch_true(g: Generator) -> list[Stmt]:
    parts: list[Part] = ["switch {"]
    for _ in range(g.rng.randint(1, 3)):
        parts += ["\ncase ", g.varying(BOOL, 2), ":", g.block(1, 2, braces=False)]
    return [s(*parts, "\n}")]


def _loop(
    g: Generator,
    head: list[Part],
    turns: int,
    counter: tuple[str, Type] | None,
    others: list[tuple[str, Type]],
) -> list[Stmt]:
    loop = Loop(g.name("loop"))
    with g.nested(turns, loop):
        if counter is not None:
            g.add(*counter, fixed=True)
        for name, t in others:
            g.add(name, t)
        used = [name for name, _ in others] + ([counter[0]] if counter else [])
        body = (
            [
                s(
                    f"_ = {', _ = '.join(used)}"
                    if len(used) == 1
                    else f"{', '.join('_' * len(used))} = {', '.join(used)}"
                )
            ]
            if used
            else []
        )
        body += g.statements(g.rng.randint(1, 3))
    return [s(*([f"{loop.label}:\n"] if loop.labelled else []), *head, " ", Block(body))]


def _fits(g: Generator) -> bool:
    return g.turns * 2 <= MOST_TURNS


def _turns(g: Generator) -> int:
    """How often a loop may turn here: the verifier walks each turn, of loops in loops the product."""
    return g.rng.randint(2, min(5, MOST_TURNS // g.turns))


@statement(1.5, nests=True)
def for_counting(g: Generator) -> list[Stmt] | None:
    if not _fits(g):
        return None
    t, i, n = g.pick([t for t in g.ints if t.high > 20]), g.name("i"), _turns(g)
    head = g.pick(
        (
            f"for {i} := {t}(0); {i} < {n}; {i}++",
            f"for {i} := {t}({n}); {i} > 0; {i}--",
            f"for {i} := {t}(1); {i} <= {2 * n}; {i} += 2",
        )
    )
    return _loop(g, [head], n, (i, t), [])


@statement(0.5, nests=True)
def for_while(g: Generator) -> list[Stmt] | None:
    """Left by a condition, or by its counter."""
    if not _fits(g):
        return None
    i, n = g.name("i"), _turns(g)
    made = s(f"{i} := 0")
    loop = Loop(g.name("loop"))
    with g.nested(n, loop):
        g.add(i, INT, fixed=True)
        condition = g.expr(BOOL, 2)
        body = [s(f"{i}++"), *g.statements(g.rng.randint(1, 3))]
    head = s(
        *([f"{loop.label}:\n"] if loop.labelled else []), f"for {i} < {n} && ", condition, " ", Block(body)
    )
    return [made, head]


@statement(0.7, nests=True)
def for_range_int(g: Generator) -> list[Stmt] | None:
    if not _fits(g):
        return None
    i, n, t = g.name("i"), _turns(g), g.pick([t for t in g.ints if t.go != "T"])
    if g.chance(0.2):
        return _loop(g, [f"for range {n}"], n, None, [])
    return _loop(g, [f"for {i} := range {t}({n})"], n, (i, t), [])


@statement(1.2, nests=True)
def for_range(g: Generator) -> list[Stmt] | None:
    """Over an array (a copy of it), through a pointer to one, over a slice."""
    found = [v for v in g.visible() if v.type.kind in ("array", "slice") and v.type.len]
    if not found or not _fits(g):
        return None
    v = g.pick(found)
    if g.turns * v.type.len > MOST_TURNS or not g.room(v.type):
        return None
    over = v.name
    if v.type.kind == "array" and g.chance(0.4):
        over = g.pick((f"&{v.name}", f"{v.name}[:]"))
    i, x = g.name("i"), g.name("v")
    if g.chance(0.2):
        return _loop(g, [f"for {i} := range {over}"], v.type.len, (i, INT), [])
    return _loop(g, [f"for {i}, {x} := range {over}"], v.type.len, (i, INT), [(x, v.type.element)])


@statement(1)
def leave(g: Generator) -> list[Stmt] | None:
    if not g.loops:
        return None
    word = g.pick(("break", "continue"))
    if g.chance(0.4):
        loop = g.pick(g.loops)
        loop.labelled = True
        word += f" {loop.label}"
    return [s("if ", g.varying(BOOL, 2), f" {{\n\t{word}\n}}")]


@statement(0.25)
def go_forward(g: Generator) -> list[Stmt]:
    """A jump over statements that declare nothing outside of blocks."""
    label = g.name("skip")
    with g.nested():
        over = Block(g.statements(g.rng.randint(1, 2)))
    return [s("if ", g.expr(BOOL, 2), f" {{\n\tgoto {label}\n}}\n", over, f"\n{label}:\n", Block([]))]


@statement(0.2, nests=True)
def go_back(g: Generator) -> list[Stmt] | None:
    """A loop made by hand."""
    if not _fits(g):
        return None
    label, i, n = g.name("again"), g.name("i"), _turns(g)
    with g.nested(n):
        g.add(i, INT, fixed=True)
        body = Block([s(f"{i}++"), *g.statements(1)])
    return [s("{\n\t" + f"{i} := 0\n{label}:\n", body, f"\n\tif {i} < {n} {{\n\t\tgoto {label}\n\t}}\n}}")]


@statement(0.4)
def early_return(g: Generator) -> list[Stmt] | None:
    if g.result is None:
        return None
    results: list[Part] = []
    for n, t in enumerate(g.result):
        results += [", " if n else " ", g.expr(t, 1)]
    return [s("if ", g.varying(BOOL, 2), " {\n\treturn", *results, "\n}")]
