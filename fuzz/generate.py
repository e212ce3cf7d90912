"""Makes random Go programs whose meaning does not depend on what the specification leaves open.

Every program ends: loops have constant bounds. What a call changes and what an expression around it
reads are kept apart (functions in expressions are ``pure``), so that order of evaluation cannot be
seen; panics may happen anywhere. What a program did is in its package variables.
"""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeVar

from . import rules
from .tree import SERIAL, Block, Expr, Program, Stmt, e, s
from .types import BOOL, BY_NAME, INT, INTS, UINT64, Type, array

T = TypeVar("T")
OUTPUTS = 6
STACK = 140
"""About how many bytes the aggregates of one function may take."""


@dataclass(frozen=True)
class Variable:
    name: str
    type: Type
    fixed: bool = False  # not to be assigned to
    shared: bool = False  # of the package


@dataclass(frozen=True)
class Function:
    """What can be called. ``receiver`` is the type of a method's first operand; pure: no effects at all."""

    name: str
    params: tuple[Type, ...]
    results: tuple[Type, ...]
    pure: bool
    receiver: Type | None = None


@dataclass(frozen=True)
class Callable:
    """A variable that holds a function."""

    name: str
    params: tuple[Type, ...]
    results: tuple[Type, ...]
    pure: bool


@dataclass
class Loop:
    label: str
    labelled: bool = False


@dataclass
class Scope:
    """What is visible; ``own`` are the names that the innermost block declares."""

    variables: dict[str, Variable] = field(default_factory=dict)
    own: set[str] = field(default_factory=set)
    callables: list[Callable] = field(default_factory=list)

    def copy(self) -> Scope:
        return Scope(dict(self.variables), set(), list(self.callables))


class Generator:
    """Writes one program; features add to it through their rules."""

    def __init__(self, rng: random.Random, features: Iterable[str], size: float = 1.0) -> None:
        self.rng = rng
        self.features = frozenset(features)
        self.size = size
        self.program = Program()
        self.scope = Scope()
        self.globals: list[Variable] = []
        self.functions: list[Function] = []
        self.ints = list(INTS)
        self.structs: list[Type] = []
        self.constants: list[tuple[str, Type]] = []
        self.generic: list[tuple[str, Type]] = []  # functions of two T and this type, that give a T
        self.texts: list[tuple[str, int]] = []  # tables of strings
        self.words: list[str] = []  # constants of them
        self.higher: list[Type] = []  # what functions over functions are about
        self.shapes: tuple[Type, Type] | None = None  # what is in the two types with a method
        self.deferring = False
        self.closing = False  # in a function literal
        self.names = 0
        self.depth = 0
        self.turns = 1
        self.stack = 0
        self.calls = 0
        self.loops: list[Loop] = []
        self.pure = False
        self.result: tuple[Type, ...] | None = (
            None  # of the function being written, where it may return early
        )
        self._statements = [r for r in rules.STATEMENTS if r.feature in self.features]
        self._expressions = {
            kind: [r for r in found if r.feature in self.features]
            for kind, found in rules.EXPRESSIONS.items()
        }

    # choices

    def chance(self, p: float) -> bool:
        return self.rng.random() < p

    def pick(self, items: Sequence[T]) -> T:
        return items[self.rng.randrange(len(items))]

    def int_type(self) -> Type:
        return self.pick(self.ints)

    def scalar_type(self) -> Type:
        return BOOL if self.chance(0.12) else self.int_type()

    def plain_type(self, room: int = 48) -> Type:
        """Any type without addresses, of at most about ``room`` bytes."""
        kind = self.rng.random()
        structs = [t for t in self.structs if t.size <= room and t.plain]
        if kind < 0.3 and structs:
            return self.pick(structs)
        if kind < 0.55 and room >= 16:
            n = self.rng.randint(1, 5)
            return array(self.plain_type(room // max(n, 2)), n)
        return self.scalar_type()

    # names and scopes

    def name(self, prefix: str) -> str:
        self.names += 1
        return f"{prefix}{self.names}"

    def top(self, prefix: str) -> str:
        """A name of package level."""
        return self.name(prefix) + "_" + SERIAL

    def add(self, name: str, t: Type, fixed: bool = False) -> Variable:
        made = Variable(name, t, fixed)
        self.scope.variables.pop(name, None)
        self.scope.variables[name] = made
        self.scope.own.add(name)
        return made

    def declare(self, *parts: Stmt) -> None:
        self.program.declarations.extend(parts)

    def visible(self, writable: bool = False) -> list[Variable]:
        found = list(self.scope.variables.values())
        if not (writable and self.pure):
            found += self.globals
        return [v for v in found if not (writable and v.fixed)]

    def room(self, t: Type) -> bool:
        """Takes stack for a variable of the type, if there is some left."""
        if t.size > 8:
            if self.stack + t.size > STACK:
                return False
            self.stack += t.size
        return True

    # expressions

    def constant(self, t: Type) -> Expr:
        if t.kind == "bool":
            return e(t, self.pick(("true", "false")), constant=True)
        named = [n for n, of in self.constants if of == t]
        if named and self.chance(0.3):
            return e(t, self.pick(named), constant=True)
        kind = self.rng.random()
        if kind < 0.6:
            value = self.rng.randint(-9, 20)
        elif kind < 0.8:
            value = self.pick((t.low, t.high, t.low + 1, t.high - 1, t.high // 2))
        else:
            value = self.rng.randint(t.low, t.high)
        return e(t, f"{t}({min(max(value, t.low), t.high)})", constant=True)

    def zero(self, t: Type) -> Expr:
        if t.kind == "int":
            return e(t, f"{t}(0)", constant=True)
        if t.kind == "bool":
            return e(t, "false", constant=True)
        if t.kind == "string":
            return e(t, '""', constant=True)
        if t.kind in ("array", "struct"):
            return e(t, f"({t}{{}})", constant=False)
        return e(t, "nil", constant=False)

    def expr(self, t: Type, depth: int) -> Expr:
        """An expression of the type; ``depth`` is how deep it may be."""
        found = self._expressions.get(t.kind, [])
        if depth > 0 and found and not self.chance(0.12):
            for rule in self.rng.choices(found, [r.weight for r in found], k=3):
                made = rule.make(self, t, depth)
                if made is not None:
                    return made
        return self.leaf(t, depth)

    def leaf(self, t: Type, depth: int = 0) -> Expr:
        if t.kind not in ("int", "bool") or self.chance(0.8):
            place = self.place(t, depth=depth)
            if place is not None:
                return place
        return self.constant(t) if t.kind in ("int", "bool") else self.zero(t)

    def varying(self, t: Type, depth: int) -> Expr:
        """No constant: operations on those must not overflow."""
        made = self.expr(t, depth)
        if not made.constant:
            return made
        if self.chance(0.6):
            return self.variable(t)
        if t.kind == "bool":
            return e(t, "(", made, " != ", self.variable(BOOL), ")")
        return e(t, "(", made, " ^ ", self.variable(t), ")")

    def variable(self, t: Type) -> Expr:
        """A variable, converted where there is none of the type."""
        found = [v for v in self.scope.variables.values() if v.type == t]
        if found:
            return e(t, self.pick(found).name, constant=False)
        other = self.pick([v for v in self.scope.variables.values() if v.type.kind == "int"])
        if t.kind == "bool":
            return e(t, "(", e(other.type, other.name, constant=False), " != 0)", constant=False)
        return e(t, f"{t}(", e(other.type, other.name, constant=False), ")", constant=False)

    def place(self, t: Type, writable: bool = False, depth: int = 1) -> Expr | None:
        """A variable of the type, or a field or element of one."""
        found = [v for v in self.visible(writable) if v.type.has(t)]
        if not found:
            return None
        v = self.pick(found)
        return self.inside(e(v.type, v.name, constant=False), t, depth)

    def inside(self, at: Expr, t: Type, depth: int) -> Expr:
        while at.type != t:
            kind = at.type.kind
            if kind == "struct":
                name, of = self.pick([f for f in at.type.fields if f[1].has(t)])
                at = e(of, at, f".{name}", constant=False)
            elif kind == "pointer":
                elem = at.type.element
                if elem != t and elem.kind in ("struct", "array"):
                    at = e(elem, at, constant=False)
                else:
                    at = e(elem, "(*", at, ")", constant=False)
            else:
                index = self.index(at.type.len, depth - 1, at.type.kind == "slice")
                at = e(at.type.element, at, "[", index, "]", constant=False)
        return at

    def index(self, n: int, depth: int, checked: bool = False) -> Expr:
        """An index below ``n``, now and then one past it; ``checked``: none is a constant."""
        kind = self.rng.random()
        counters = [v for v in self.scope.variables.values() if v.fixed and v.type.kind == "int"]
        if counters and kind < 0.3:
            v = self.pick(counters)
            return e(v.type, e(v.type, v.name, constant=False), f" % {n}", constant=False)
        if kind < 0.45 and not checked:
            return e(INT, str(self.rng.randrange(n)), constant=True)
        whole = [v for v in self.scope.variables.values() if v.type.kind == "array" and v.type.len >= n]
        if whole and kind < 0.5 and "slicing" in self.features:
            return e(INT, f"len({self.pick(whole).name}[:{n if kind < 0.455 else n - 1}])", constant=False)
        t = self.pick([BY_NAME[n] for n in ("uint8", "uint32", "uint64", "int", "int16", "uint16")])
        x = self.varying(t, min(depth, 1))
        if kind < 0.72:
            return e(t, x, f" & {(1 << n.bit_length() - 1) - 1}", constant=False)
        if kind < 0.985 and not t.signed:
            return e(t, x, f" % {n}", constant=False)
        if kind < 0.985:
            return e(t, x, f" & {(1 << n.bit_length() - 1) - 1}", constant=False)
        return e(t, x, f" & {n}", constant=False)

    # statements

    def statements(self, count: int) -> list[Stmt]:
        made: list[Stmt] = []
        for _ in range(count):
            made += self.statement()
        return made

    def statement(self) -> list[Stmt]:
        found = [
            r for r in self._statements if not (r.effects and self.pure) and not (r.nests and self.depth >= 3)
        ]
        for rule in self.rng.choices(found, [r.weight for r in found], k=4):
            made = rule.write(self)
            if made is not None:
                return made
        return []

    @contextmanager
    def nested(self, turns: int = 1, loop: Loop | None = None) -> Iterator[None]:
        """What is declared inside is forgotten afterwards."""
        outer, self.scope = self.scope, self.scope.copy()
        self.depth += 1
        self.turns *= turns
        if loop is not None:
            self.loops.append(loop)
        yield
        if loop is not None:
            self.loops.pop()
        self.turns //= turns
        self.depth -= 1
        self.scope = outer

    def block(self, low: int, high: int, braces: bool = True) -> Block:
        """A block with that many statements, in a scope of its own."""
        with self.nested():
            return Block(self.statements(self.rng.randint(low, high)), braces)

    @contextmanager
    def function(self, params: Iterable[tuple[str, Type]], pure: bool, turns: int = 1) -> Iterator[None]:
        """Inside it a function's body is written."""
        kept = (self.scope, self.pure, self.turns, self.stack, self.loops, self.depth, self.result)
        self.scope, self.pure, self.turns, self.stack, self.loops, self.depth = (
            Scope(),
            pure,
            turns,
            40,
            [],
            0,
        )
        self.result = None
        for name, t in params:
            self.add(name, t)
        yield
        self.scope, self.pure, self.turns, self.stack, self.loops, self.depth, self.result = kept

    @contextmanager
    def closure(self, params: Iterable[tuple[str, Type]], pure: bool) -> Iterator[None]:
        """Inside it a function literal's body is written: it sees what is around it."""
        kept = (self.scope, self.pure, self.loops, self.result, self.closing, self.deferring)
        self.scope = self.scope.copy()
        if pure:
            found = self.scope.variables.items()
            self.scope.variables = {n: dataclasses.replace(v, fixed=True) for n, v in found}
        self.pure, self.loops, self.closing, self.deferring = pure or self.pure, [], True, False
        self.depth += 1
        for name, t in params:
            self.add(name, t)
        yield
        self.depth -= 1
        self.scope, self.pure, self.loops, self.result, self.closing, self.deferring = kept

    # the whole

    def write(self) -> Program:
        for name, t in (("trace_", UINT64), ("out_", array(UINT64, OUTPUTS))):
            self.program.state.append((name + SERIAL, t, ""))
            self.declare(s(f"var {name}{SERIAL} {t}"))
        for _, feature, declare in rules.DECLARATIONS:
            if feature in self.features:
                declare(self)
        self._entry()
        return self.program

    def _entry(self) -> None:
        params = [BY_NAME["int32"], UINT64, self.pick(INTS), self.pick(INTS)]
        self.program.parameters = params
        named = list(zip("abcd", params, strict=True))
        with self.function(named, pure=False):
            body = self.statements(max(1, round(self.rng.randint(3, 9) * self.size)))
            for n in range(OUTPUTS):
                t = self.scalar_type()
                body += self.output(n, self.varying(t, 3))
        signature = ", ".join(f"{n} {t}" for n, t in named)
        self.declare(
            s(
                "//go:noinline\n" if self.chance(0.2) else "",
                f"func run_{SERIAL}({signature}) ",
                Block(body),
                kept=True,
            )
        )

    def output(self, n: int, value: Expr) -> list[Stmt]:
        if value.type.kind == "bool":
            return [s("if ", value, " {\n\tout_", SERIAL, f"[{n}] = 1\n}}")]
        return [s(f"out_{SERIAL}[{n}] = uint64(", value, ")")]


ALWAYS = ("core", "control")
SHARE = 0.5
"""How likely a program has a feature: programs with few of them have more of each."""


def generate(seed: int, features: Iterable[str] | None = None, size: float = 1.0) -> Program:
    """The program of a seed: always the same one for the same features and size."""
    from . import features as known

    rng = random.Random(seed)
    wanted = known.NAMES if features is None else tuple(features)
    chosen = [n for n in wanted if n in ALWAYS or rng.random() < SHARE]
    return Generator(rng, chosen, size).write()
