"""Range over functions: with break, continue, labels, return from inside."""

from __future__ import annotations

from ..generate import Generator, Loop
from ..rules import declaration, statement
from ..tree import SERIAL, Block, Stmt, s
from ..types import INT, Type
from .control import MOST_TURNS

_COUNT = """func count_N(n int) func(yield func(int) bool) {
	return func(yield func(int) bool) {
		for i := 0; i < n && i < 5; i++ {
			if !yield(i * i) {
				return
			}
		}
	}
}"""
_TWO = """func two_N[K, V any](a K, b V, c K, d V) func(yield func(K, V) bool) {
	return func(yield func(K, V) bool) {
		_ = yield(a, b) && yield(c, d)
	}
}"""


@declaration(37)
def sequences(g: Generator) -> None:
    g.declare(s(_COUNT.replace("N", SERIAL)), s(_TWO.replace("N", SERIAL)))


def _body(g: Generator, turns: int, own: list[tuple[str, Type]]) -> tuple[Block, Loop]:
    loop = Loop(g.name("loop"))
    with g.nested(turns, loop):
        for name, t in own:
            g.add(name, t)
        shown = [s(f"{', '.join('_' for _ in own)} = {', '.join(n for n, _ in own)}")]
        return Block(shown + g.statements(g.rng.randint(1, 3))), loop


@statement(0.7, nests=True)
def range_one(g: Generator) -> list[Stmt] | None:
    if g.turns * 4 > MOST_TURNS or g.closing:
        return None
    n = g.expr(INT, 1) if g.chance(0.4) else g.rng.randint(1, 4)
    v = g.name("v")
    block, loop = _body(g, 4, [(v, INT)])
    label = [f"{loop.label}:\n"] if loop.labelled else []
    return [
        s(*label, f"for {v} := range count_{SERIAL}(", n if not isinstance(n, int) else str(n), ") ", block)
    ]


@statement(0.4, nests=True)
def range_two(g: Generator) -> list[Stmt] | None:
    if g.turns * 2 > MOST_TURNS or g.closing:
        return None
    t, u = g.int_type(), g.scalar_type()
    a, b, c, d = g.varying(t, 1), g.varying(u, 1), g.varying(t, 1), g.varying(u, 1)
    x, y = g.name("v"), g.name("v")
    block, loop = _body(g, 2, [(x, t), (y, u)])
    label = [f"{loop.label}:\n"] if loop.labelled else []
    return [s(*label, f"for {x}, {y} := range two_{SERIAL}(", a, ", ", b, ", ", c, ", ", d, ") ", block)]
