"""sync/atomic on package variables and locals."""

from __future__ import annotations

from ..generate import Generator, Variable
from ..rules import declaration, statement
from ..tree import Part, Stmt, s
from ..types import BOOL, BY_NAME


@declaration(23)
def variable(g: Generator) -> None:
    for t in ("uint32", "int64"):
        if g.chance(0.6):
            name = g.top("at")
            g.declare(s(f"var {name} {t}"))
            g.program.state.append((name, BY_NAME[t], ""))
            g.globals.append(Variable(name, BY_NAME[t], shared=True))


@statement(0.5, effects=True)
def operate(g: Generator) -> list[Stmt] | None:
    found = [v for v in g.globals if v.name.startswith("at")]
    if not found:
        return None
    v = g.pick(found)
    t, kind, name = v.type, v.type.go.capitalize(), g.name("v")
    at, result = f"{kind}(&{v.name}, ", t
    value: list[Part] = [g.expr(t, 1)]
    if g.chance(0.25):
        function, result = "CompareAndSwap", BOOL
        value += [", ", g.expr(t, 1)]
    else:
        function = g.pick(("Add", "Swap", "And", "Or"))
    g.add(name, result)
    return [s(f"{name} := atomic.{function}{at}", *value, f")\n_ = {name}")]
