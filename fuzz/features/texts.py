"""Strings: constants, tables, views of bytes; length, index, slice, comparison, range by rune, switch."""

from __future__ import annotations

from ..generate import Generator, Variable
from ..rules import declaration, expression, statement
from ..tree import Block, Expr, Part, Stmt, e, s
from ..types import BY_NAME, INT, STRING, Type

WORDS = (
    '"a"',
    '"tcp"',
    '"udp"',
    '"tcp6"',
    '"hello, world"',
    '"aé€z"',
    '"\\xff\\x80b"',
    '"日本"',
    '"x\\x00y"',
    "`raw\\n`",
)
RUNE = BY_NAME["int32"]


@declaration(22)
def table(g: Generator) -> None:
    words = [g.pick(WORDS) for _ in range(g.rng.randint(2, 5))]
    name = g.top("words")
    g.declare(s(f"var {name} = [{len(words)}]string{{{', '.join(words)}}}"))
    g.texts.append((name, len(words)))
    word = g.top("word")
    g.declare(s(f"const {word} = {g.pick(WORDS)} + {g.pick(WORDS)}"))
    g.words.append(word)


def _text(g: Generator) -> Expr:
    """A string that may be indexed and sliced without a name."""
    found = [v for v in g.scope.variables.values() if v.type == STRING]
    if found and g.chance(0.7):
        return e(STRING, g.pick(found).name, constant=False)
    if g.texts and g.chance(0.5):
        name, n = g.pick(g.texts)
        return e(STRING, f"{name}[", g.index(n, 1), "]", constant=False)
    return e(STRING, g.pick((*WORDS, *g.words)), constant=True)


@expression("string", 3)
def text(g: Generator, t: Type, depth: int) -> Expr:
    return _text(g)


@expression("string", 1)
def part(g: Generator, t: Type, depth: int) -> Expr | None:
    found = [v for v in g.scope.variables.values() if v.type == STRING]
    if not found:
        return None
    whole = e(STRING, g.pick(found).name, constant=False)
    if g.chance(0.5):
        return e(STRING, whole, f"[min({g.rng.randint(0, 3)}, len(", whole, ")):]", constant=False)
    bound = e(INT, "int(", g.varying(BY_NAME["uint8"], 1), " & 3)", constant=False)
    return e(STRING, whole, "[:", bound, "]", constant=False)


@statement(0.9)
def declare(g: Generator) -> list[Stmt]:
    name = g.name("t")
    value = g.expr(STRING, 2)
    g.add(name, STRING)
    return [s(f"var {name} string = ", value, f"\n_ = {name}")]


@statement(0.4)
def view(g: Generator) -> list[Stmt] | None:
    """Bytes of an array as a string: a copy in Go, so the array is not written afterwards."""
    found = [v for v in g.scope.variables.values() if v.type.kind == "array" and v.type.element.go == "uint8"]
    if not found or g.turns > 1:
        return None
    v = g.pick(found)
    name, copied = g.name("t"), g.name("w")
    if not g.room(v.type):
        return None
    g.add(name, STRING)
    return [
        s(f"{copied} := {v.name}\n{name} := string({copied}[:{g.rng.randint(0, v.type.len)}])\n_ = {name}")
    ]


@expression("int", 0.3)
def length(g: Generator, t: Type, depth: int) -> Expr | None:
    found = [v for v in g.scope.variables.values() if v.type == STRING]
    if not found or t.go == "T":
        return None
    return e(t, f"{t}(len(", e(STRING, g.pick(found).name, constant=False), "))", constant=False)


@expression("int", 0.3)
def letter(g: Generator, t: Type, depth: int) -> Expr | None:
    found = [v for v in g.scope.variables.values() if v.type == STRING]
    if not found:
        return None
    name = g.pick(found).name
    whole = e(STRING, name, constant=False)
    x = g.varying(g.pick([BY_NAME["uint8"], BY_NAME["uint64"]]), 1)
    if g.chance(0.15):
        return e(t, f"{t}(", whole, "[", e(INT, x, " & 7", constant=False), "])", constant=False)
    index = e(INT, "int(", x, f")&0xff % max(1, len({name}))", constant=False)
    return e(t, f"{t}(", whole, "[", index, "])", constant=False)


@expression("bool", 0.7)
def compared(g: Generator, t: Type, depth: int) -> Expr | None:
    if not any(v.type == STRING for v in g.scope.variables.values()):
        return None
    op = g.pick(("==", "!=", "<", "<=", ">", ">="))
    x, y = _text(g), _text(g)
    return None if x.constant and y.constant else e(t, "(", x, f" {op} ", y, ")", constant=False)


@statement(0.4, nests=True)
def runes(g: Generator) -> list[Stmt] | None:
    found = [v for v in g.scope.variables.values() if v.type == STRING]
    if not found or g.turns > 1:
        return None
    v = g.pick(found)
    i, r = g.name("i"), g.name("v")
    with g.nested(4):
        g.add(i, INT, fixed=True)
        g.add(r, RUNE, fixed=True)
        body = [s(f"_, _ = {i}, {r}"), *g.statements(1)]
    return [s(f"for {i}, {r} := range {v.name} ", Block(body))]


@statement(0.4, nests=True)
def switch(g: Generator) -> list[Stmt] | None:
    found: list[Variable] = [v for v in g.scope.variables.values() if v.type == STRING]
    if not found:
        return None
    parts: list[Part] = [f"switch {g.pick(found).name} {{"]
    for word in g.rng.sample(WORDS, g.rng.randint(1, 3)):
        parts += [f"\ncase {word}:", g.block(1, 2, braces=False)]
    if g.chance(0.5):
        parts += ["\ndefault:", g.block(1, 1, braces=False)]
    return [s(*parts, "\n}")]
