"""Random Go programs whose meaning does not depend on what the specification leaves open.

Every program ends: loops have constant bounds. What a call changes and what an expression around it
reads are kept apart, so that order of evaluation cannot be seen; panics may happen anywhere.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from .source import TYPES, CaseFile, parse

INTS = ("int8", "int16", "int32", "int64", "int", "uint8", "uint16", "uint32", "uint64")
PARAMETERS = ("int32", "uint64", "int8", "uint16")
_NAME = re.compile(r"\b(?!u?int\d*\b|true|false|min|max)[a-z]\w*")

RESULTS = ("int64", "uint64", "int32", "uint8", "bool")
STRUCT = (("f", "int16"), ("g", "uint64"), ("h", "bool"), ("i", "uint8"))


@dataclass
class Array:
    """A variable of array type, or a slice of one: its name, element type and length."""

    name: str
    elem: str
    len: int
    slice: bool = False


@dataclass
class Function:
    name: str
    params: tuple[str, ...]
    result: str


@dataclass
class Scope:
    """What is visible: scalar variables by type, arrays, struct variables, pointers by type."""

    scalars: dict[str, list[str]] = field(default_factory=dict)
    arrays: list[Array] = field(default_factory=list)
    structs: list[str] = field(default_factory=list)
    fixed: set[str] = field(default_factory=set)

    def copy(self) -> Scope:
        scalars = {t: list(names) for t, names in self.scalars.items()}
        return Scope(scalars, list(self.arrays), list(self.structs), set(self.fixed))

    def add(self, name: str, t: str, fixed: bool = False) -> None:
        self.scalars.setdefault(t, []).append(name)
        if fixed:
            self.fixed.add(name)


class Writer:
    """Writes one file of programs ``P0`` to ``Pn``."""

    def __init__(self, rng: random.Random, size: float = 1.0) -> None:
        self.rng = rng
        self.size = size
        self.lines: list[str] = []
        self.depth = 0
        self.scope = Scope()
        self.functions: list[Function] = []
        self.names = 0
        self.loops = 0
        self.turns = 1
        self.pure = False

    # text

    def line(self, text: str) -> None:
        self.lines.append("\t" * self.depth + text)

    @contextmanager
    def block(self, head: str, end: str = "}") -> Iterator[None]:
        outer, self.scope = self.scope, self.scope.copy()
        self.line(head)
        self.depth += 1
        yield
        self.depth -= 1
        self.line(end)
        self.scope = outer

    def name(self, prefix: str) -> str:
        self.names += 1
        return f"{prefix}{self.names}"

    def chance(self, p: float) -> bool:
        return self.rng.random() < p

    # expressions

    def constant(self, t: str) -> str:
        if t == "bool":
            return self.rng.choice(("true", "false"))
        bits = TYPES[t]
        low, high = (0, (1 << bits) - 1) if t.startswith("u") else (-(1 << bits - 1), (1 << bits - 1) - 1)
        kind = self.rng.random()
        if kind < 0.6:
            value = self.rng.randint(-9, 20)
        elif kind < 0.8:
            value = self.rng.choice((low, high, low + 1, high - 1, high // 2))
        else:
            value = self.rng.randint(low, high)
        return f"{t}({min(max(value, low), high)})"

    def expression(self, t: str, depth: int) -> str:
        leaf = depth <= 0 or self.chance(0.15)
        if leaf:
            return self.leaf(t)
        return self.condition(depth) if t == "bool" else self.integer(t, depth)

    def leaf(self, t: str) -> str:
        names = self.scope.scalars.get(t, [])
        fields = [f"{s}.{f}" for s in self.scope.structs for f, ft in STRUCT if ft == t]
        if names + fields and self.chance(0.8):
            return self.rng.choice(names + fields)
        return self.constant(t)

    def varying(self, t: str, depth: int) -> str:
        """No constant: those must not overflow."""
        x = self.expression(t, depth)
        if _NAME.search(x):
            return x
        return f"!{self.leaf(t)}" if t == "bool" else f"({x} ^ {self.variable(t)})"

    def integer(self, t: str, depth: int) -> str:
        kind = self.rng.random()

        def x() -> str:
            return self.varying(t, depth - 1)

        if kind < 0.4:
            op = self.rng.choice(("+", "-", "*", "&", "|", "^", "&^"))
            return f"({x()} {op} {self.expression(t, depth - 1)})"
        if kind < 0.5:
            return self.division(t, depth)
        if kind < 0.62:
            return self.shift(t, depth)
        if kind < 0.68:
            return f"({self.rng.choice('-^+')}{x()})"
        if kind < 0.8:
            return f"{t}({self.varying(self.rng.choice(INTS), depth - 1)})"
        if kind < 0.9:
            return self.element(t, depth) or x()
        if kind < 0.95:
            return self.call(t, depth) or x()
        return f"{self.rng.choice(('min', 'max'))}({x()}, {x()})"

    def division(self, t: str, depth: int) -> str:
        by = self.varying(t, depth - 1)
        if self.chance(0.85):
            by = f"({by} | 1)"
        return f"({self.varying(t, depth - 1)} {self.rng.choice('/%')} {by})"

    def variable(self, t: str) -> str:
        names = self.scope.scalars.get(t)
        if names:
            return self.rng.choice(names)
        other = self.rng.choice(
            [n for ot, ns in self.scope.scalars.items() if ot != "bool" for n in ns] or ["a"]
        )
        return f"{t}({other})"

    def shift(self, t: str, depth: int) -> str:
        count_type = self.rng.choice(INTS)
        count = self.varying(count_type, depth - 2)
        if self.chance(0.9):
            count = f"({count} & {self.rng.choice((7, 15, 31, 63, 127))})"
        return f"({self.varying(t, depth - 1)} {self.rng.choice(('<<', '>>'))} {count})"

    def element(self, t: str, depth: int) -> str | None:
        arrays = [a for a in self.scope.arrays if a.elem == t]
        if not arrays:
            return None
        array = self.rng.choice(arrays)
        return f"{array.name}[{self.index(array, depth - 1)}]"

    def index(self, array: Array, depth: int) -> str:
        kind = self.rng.random()
        counters = [n for n in self.scope.fixed if n.startswith("i")]
        if counters and kind < 0.3:
            return f"{self.rng.choice(counters)} % {array.len}"
        if kind < 0.4 and not array.slice:
            return str(self.rng.randrange(array.len))
        t = self.rng.choice(("uint8", "uint32", "uint64", "int", "int16"))
        x = self.varying(t, depth)
        if kind < 0.7:
            return f"{x} & {(1 << array.len.bit_length() - 1) - 1}"
        if kind < 0.95 and t.startswith("u"):
            return f"{x} % {array.len}"
        return f"{x} & {array.len}"

    def call(self, t: str, depth: int) -> str | None:
        fitting = [f for f in self.functions if f.result == t]
        if not fitting or self.turns > 4:
            return None
        f = self.rng.choice(fitting)
        return f"{f.name}({', '.join(self.expression(p, min(depth - 1, 1)) for p in f.params)})"

    def condition(self, depth: int) -> str:
        kind = self.rng.random()
        if kind < 0.6:
            t = self.rng.choice(INTS)
            op = self.rng.choice(("==", "!=", "<", "<=", ">", ">="))
            return f"({self.expression(t, depth - 1)} {op} {self.expression(t, depth - 1)})"
        if kind < 0.85:
            op = self.rng.choice(("&&", "||", "==", "!="))
            return f"({self.expression('bool', depth - 1)} {op} {self.expression('bool', depth - 1)})"
        if kind < 0.9 and len(self.scope.structs) > 1:
            return f"({self.rng.choice(self.scope.structs)} == {self.rng.choice(self.scope.structs)})"
        same = [a for a in self.scope.arrays if not a.slice]
        if kind < 0.94 and same:
            return (
                f"({self.rng.choice(same).name} != [{same[0].len}]{same[0].elem}{{}})"
                if len(same) == 1
                else "true"
            )
        return f"!{self.expression('bool', depth - 1)}"

    # statements

    def statements(self, count: int) -> None:
        for _ in range(count):
            self.statement()

    def statement(self) -> None:
        nested = self.depth < 4
        choices = [
            (6, self.assign), (3, self.declare), (1, self.declare_array), (1, self.declare_struct),
            (3, self.assign_element), (1, self.assign_field), (1, self.swap), (2, self.note),
            (1, self.through_pointer), (1, self.slice_of), (1, self.copy_statement),
            (1, self.effect_call), (1, self.copy_aggregate), (2, self.slice_call), (1, self.matrix),
        ]  # fmt: skip
        if nested:
            choices += [(3, self.if_), (2, self.switch)]
        if nested and self.turns * 4 <= 16:
            choices += [(2, self.for_), (1, self.range_)]
        if self.loops:
            choices += [(1, self.leave)]
        weights = [w for w, _ in choices]
        self.rng.choices([c for _, c in choices], weights)[0]()

    def target(self) -> tuple[str, str] | None:
        """A variable that may be written, with its type."""
        found = [(n, t) for t, ns in self.scope.scalars.items() for n in ns if n not in self.scope.fixed]
        return self.rng.choice(found) if found else None

    def assign(self) -> None:
        target = self.target()
        if target is None:
            return self.declare()
        name, t = target
        kind = self.rng.random()
        if t == "bool" or kind < 0.6:
            self.line(f"{name} = {self.expression(t, 3)}")
        elif kind < 0.85:
            self.line(
                f"{name} {self.rng.choice(('+', '-', '*', '&', '|', '^', '&^'))}= {self.expression(t, 2)}"
            )
        else:
            self.line(f"{name}{self.rng.choice(('++', '--'))}")

    def declare(self) -> None:
        t = self.rng.choice((*INTS, "bool"))
        name = self.name("v")
        self.line(f"{name} := {self.expression(t, 2)}")
        self.line(f"_ = {name}")
        self.scope.add(name, t)

    def declare_array(self) -> None:
        array = Array(self.name("arr"), self.rng.choice(INTS), self.rng.randint(2, 6))
        values = ", ".join(self.expression(array.elem, 1) for _ in range(self.rng.randint(0, array.len)))
        self.line(f"{array.name} := [{array.len}]{array.elem}{{{values}}}")
        self.line(f"_ = {array.name}")
        self.scope.arrays.append(array)

    def declare_struct(self) -> None:
        name = self.name("s")
        values = ", ".join(f"{f}: {self.expression(t, 1)}" for f, t in STRUCT if self.chance(0.6))
        self.line(f"{name} := data{{{values}}}")
        self.line(f"_ = {name}")
        self.scope.structs.append(name)

    def copy_aggregate(self) -> None:
        arrays = [a for a in self.scope.arrays if not a.slice]
        if arrays and self.chance(0.6):
            array = self.rng.choice(arrays)
            made = Array(self.name("arr"), array.elem, array.len)
            self.line(f"{made.name} := {array.name}")
            self.line(f"_ = {made.name}")
            self.scope.arrays.append(made)
        elif len(self.scope.structs) > 1:
            x, y = self.rng.sample(self.scope.structs, 2)
            self.line(
                self.rng.choice((f"{x} = {y}", f"{x}, {y} = {y}, {x}", f"{x} = mix({y})", f"{y}.touch()"))
            )

    def assign_element(self) -> None:
        if not self.scope.arrays:
            return self.declare_array()
        a = self.rng.choice(self.scope.arrays)
        op = self.rng.choice(("=", "=", "+=", "-=", "^=", "*="))
        self.line(f"{a.name}[{self.index(a, 2)}] {op} {self.expression(a.elem, 2)}")

    def assign_field(self) -> None:
        if not self.scope.structs:
            return self.declare_struct()
        f, t = self.rng.choice(STRUCT)
        self.line(f"{self.rng.choice(self.scope.structs)}.{f} = {self.expression(t, 2)}")

    def swap(self) -> None:
        arrays = self.scope.arrays
        if not arrays:
            return
        a = self.rng.choice(arrays)
        i, j = self.index(a, 1), self.index(a, 1)
        self.line(f"{a.name}[{i}], {a.name}[{j}] = {a.name}[{j}], {a.name}[{i}]")

    def note(self) -> None:
        if self.pure:
            return
        t = self.rng.choice(INTS)
        self.line(f"Effects = Effects*31 + uint64({self.varying(t, 1)})")

    def through_pointer(self) -> None:
        target = self.target()
        if target is None or target[1] == "bool":
            return
        pointer = self.name("p")
        self.line(f"{pointer} := &{target[0]}")
        self.line(f"*{pointer} {self.rng.choice(('=', '+=', '^='))} {self.expression(target[1], 2)}")
        if self.chance(0.5) and target[1] == "int32":
            self.line(f"change({pointer}, {self.expression('int32', 1)})")

    def slice_of(self) -> None:
        arrays = [a for a in self.scope.arrays if not a.slice]
        if not arrays:
            return
        a = self.rng.choice(arrays)
        low, high = sorted((self.rng.randint(0, a.len), self.rng.randint(0, a.len)))
        if low == high:
            return
        made = Array(self.name("sl"), a.elem, high - low, True)
        lo = f"min({self.variable('uint8')} & 1, {low})" if self.chance(0.3) else str(low)
        self.line(f"{made.name} := {a.name}[{lo}:{high}]")
        self.line(f"_ = {made.name}")
        self.scope.arrays.append(made)

    def copy_statement(self) -> None:
        arrays = self.scope.arrays
        same = [(x, y) for x in arrays for y in arrays if x.elem == y.elem]
        if not same or self.turns > 1:
            return
        x, y = self.rng.choice(same)
        at = self.rng.randint(0, x.len - 1)
        n = self.name("v")
        self.line(f"{n} := copy({x.name}[{at if not x.slice else 0}:], {y.name}[:])")
        self.scope.add(n, "int")
        self.line(f"_ = {n}")

    def effect_call(self) -> None:
        target = self.target()
        if not self.pure and target is not None and target[1] == "int32" and self.turns <= 4:
            self.line(f"{target[0]} = effect({self.expression('int32', 1)})")

    def slice_call(self) -> None:
        """A call that gets a slice of an array of int32, and perhaps one that gives a slice back."""
        arrays = [a for a in self.scope.arrays if a.elem == "int32"]
        if not arrays:
            array = Array(self.name("arr"), "int32", self.rng.randint(2, 6))
            self.line(f"{array.name} := [{array.len}]int32{{{self.expression('int32', 1)}}}")
            self.line(f"_ = {array.name}")
            self.scope.arrays.append(array)
            arrays = [array]
        if self.turns > 4:
            return
        a = self.rng.choice(arrays)
        low = self.rng.randrange(a.len)
        part = f"{a.name}[{low}:]"
        if self.chance(0.3):
            part = f"rest({part}, int({self.index(a, 1)}))"
        if self.chance(0.5):
            self.line(f"fill({part}, {self.expression('int32', 2)})")
            return
        name = self.name("v")
        self.line(f"{name} := total({part})")
        self.line(f"_ = {name}")
        self.scope.add(name, "int32")

    def matrix(self) -> None:
        """An array of two dimensions; its rows are arrays like others."""
        t, rows, columns = self.rng.choice(INTS), self.rng.randint(2, 3), self.rng.randint(2, 4)
        name, pointer = self.name("m"), self.name("row")
        self.line(f"{name} := [{rows}][{columns}]{t}{{{{{self.expression(t, 1)}}}}}")
        whole = Array(name, t, rows)
        row, column = self.index(whole, 1), self.index(Array("", t, columns), 1)
        self.line(f"{name}[{row}][{column}] += {self.expression(t, 2)}")
        self.line(f"{pointer} := &{name}[{self.index(whole, 2)}]")
        self.line(f"{pointer}[{self.index(Array('', t, columns), 1)}]++")
        self.line(f"_ = {pointer}")
        self.scope.arrays += [Array(f"{name}[{n}]", t, columns) for n in range(rows)]
        self.scope.arrays.append(Array(pointer, t, columns, True))

    def if_(self) -> None:
        with self.block(f"if {self.expression('bool', 2)} {{", ""):
            self.statements(self.rng.randint(1, 3))
        self.lines.pop()
        if self.chance(0.5):
            with self.block("} else {"):
                self.statements(self.rng.randint(1, 2))
        else:
            self.line("}")

    def switch(self) -> None:
        t = self.rng.choice(INTS)
        self.line(f"switch {self.expression(t, 2)} {{")
        values = self.rng.sample(range(0, 12), self.rng.randint(1, 4))
        for n, v in enumerate(values):
            with self.block(f"case {v}:", ""):
                self.statements(self.rng.randint(1, 2))
                if self.chance(0.2) and n + 1 < len(values):
                    self.line("fallthrough")
            self.lines.pop()
        with self.block("default:", ""):
            self.statements(1)
        self.lines.pop()
        self.line("}")

    def for_(self) -> None:
        i, n = self.name("i"), self.rng.randint(2, 5)
        with self.loop(n), self.block(f"for {i} := 0; {i} < {n}; {i}++ {{"):
            self.scope.add(i, "int", fixed=True)
            self.statements(self.rng.randint(1, 3))

    def range_(self) -> None:
        arrays = self.scope.arrays
        i, v = self.name("i"), self.name("v")
        if not arrays or self.chance(0.3):
            n = self.rng.randint(1, 4)
            with self.loop(n), self.block(f"for {i} := range {n} {{"):
                self.line(f"_ = {i}")
                self.scope.add(i, "int", fixed=True)
                self.statements(self.rng.randint(1, 2))
            return
        a = self.rng.choice(arrays)
        over = f"&{a.name}" if not a.slice and self.chance(0.3) else a.name
        with self.loop(a.len), self.block(f"for {i}, {v} := range {over} {{"):
            self.line(f"_, _ = {i}, {v}")
            self.scope.add(i, "int", fixed=True)
            self.scope.add(v, a.elem)
            self.statements(self.rng.randint(1, 2))

    @contextmanager
    def loop(self, turns: int) -> Iterator[None]:
        self.loops += 1
        self.turns *= turns
        yield
        self.loops -= 1
        self.turns //= turns

    def leave(self) -> None:
        with self.block(f"if {self.expression('bool', 2)} {{"):
            self.line(self.rng.choice(("break", "continue")))

    # functions

    def helper(self, n: int) -> None:
        params = ("int32", *(self.rng.choice((*INTS, "bool")) for _ in range(self.rng.randint(0, 6))))
        f = Function(f"helper{n}", params, self.rng.choice(INTS))
        self.scope = Scope()
        names = [f"a{i}" for i in range(len(params))]
        for name, t in zip(names, params, strict=True):
            self.scope.add(name, t)
        if self.chance(0.6):
            self.line("//go:noinline")
        arguments = ", ".join(f"{n} {t}" for n, t in zip(names, params, strict=True))
        with self.block(f"func {f.name}({arguments}) {f.result} {{"):
            self.turns = 8  # no more loops in here than a caller's loop can bear
            self.pure = True  # whether a call comes before a panic beside it is left open
            self.statements(self.rng.randint(1, 3))
            self.turns, self.pure = 1, False
            self.line(f"return {self.expression(f.result, 3)}")
        self.functions.append(f)

    def program(self, n: int) -> None:
        self.scope = Scope()
        for name, t in zip("abcd", PARAMETERS, strict=True):
            self.scope.add(name, t)
        arguments = ", ".join(f"{name} {t}" for name, t in zip("abcd", PARAMETERS, strict=True))
        with self.block(f"func P{n}({arguments}) ({', '.join(RESULTS)}) {{"):
            self.statements(round(self.rng.randint(5, 14) * self.size))
            self.line(f"return {', '.join(self.expression(t, 3) for t in RESULTS)}")
        self.line("")

    def file(self, stem: str, programs: int) -> str:
        self.lines = [f"package {stem}", "", *_PRELUDE.split("\n")]
        for n in range(4):
            self.helper(n)
        for n in range(programs):
            self.program(n)
        return "\n".join(self.lines) + "\n"


_PRELUDE = """\
type data struct {
	f int16
	g uint64
	h bool
	i uint8
}

var Effects uint64

func mix(d data) data {
	d.f += int16(d.i)
	d.h = !d.h
	return d
}

func (d *data) touch() {
	d.g ^= uint64(d.f)
	d.i++
}

//go:noinline
func change(p *int32, by int32) { *p = *p*3 + by }

//go:noinline
func total(s []int32) (t int32) {
	for i, v := range s {
		t = t*3 + v ^ int32(i)
	}
	return
}

func fill(s []int32, v int32) {
	for i := range s {
		s[i] += v >> (i & 7)
	}
}

//go:noinline
func rest(s []int32, n int) []int32 { return s[n:] }

//go:noinline
func effect(x int32) int32 {
	Effects = Effects*7 + uint64(uint32(x))
	return x ^ 0x55
}
"""


def generate(seed: int, stem: str, programs: int, size: float = 1.0) -> CaseFile:
    """A file with that many programs, always the same for a seed."""
    return parse(stem, Writer(random.Random(seed), size).file(stem, programs))
