"""The standard packages that the kernel has: math/bits, encoding/binary, cmp, slices, bytes."""

from __future__ import annotations

from ..generate import Generator, Variable
from ..rules import expression, statement
from ..tree import Expr, Part, Stmt, e, s
from ..types import BOOL, BY_NAME, INT, Type

_UNSIGNED = {t: BY_NAME[t] for t in ("uint8", "uint16", "uint32", "uint64", "uint")}
_WIDE = [BY_NAME[t] for t in ("uint16", "uint32", "uint64")]


def _suffix(t: Type) -> str:
    return "" if t.go == "uint" else str(t.bits)


@expression("int", 0.5)
def counts(g: Generator, t: Type, depth: int) -> Expr:
    of = g.pick(list(_UNSIGNED.values()))
    function = g.pick(("LeadingZeros", "TrailingZeros", "OnesCount", "Len"))
    return e(t, f"{t}(bits.{function}{_suffix(of)}(", g.varying(of, depth - 1), "))", constant=False)


@expression("int", 0.4)
def moved_bits(g: Generator, t: Type, depth: int) -> Expr | None:
    if _UNSIGNED.get(t.go) != t:
        return None
    if g.chance(0.5):
        parts: list[Part] = [g.varying(t, depth - 1), ", ", g.varying(INT, depth - 1)]
        return e(t, f"bits.RotateLeft{_suffix(t)}(", *parts, ")", constant=False)
    function = "Reverse" if g.chance(0.5) or t.bits == 8 else "ReverseBytes"
    return e(t, f"bits.{function}{_suffix(t)}(", g.varying(t, depth - 1), ")", constant=False)


@expression("int", 0.3)
def ordered(g: Generator, t: Type, depth: int) -> Expr | None:
    if t.go == "T" or t.high < 2:
        return None
    of = g.int_type()
    if of.go == "T":
        return None
    return e(
        t, f"{t}(cmp.Compare(", g.varying(of, depth - 1), ", ", g.expr(of, depth - 1), "))", constant=False
    )


@statement(0.6)
def wide_arithmetic(g: Generator) -> list[Stmt]:
    """Two words at once; division panics where the quotient does not fit."""
    t = g.pick([BY_NAME["uint32"], BY_NAME["uint64"], BY_NAME["uint"]])
    x, y = g.name("v"), g.name("v")
    how = g.pick(("Add", "Sub", "Mul", "Div"))
    parts: list[Part] = [g.varying(t, 1), ", ", g.varying(t, 1)]
    if how in ("Add", "Sub"):
        parts += [", ", e(t, g.varying(t, 1), " & 1", constant=False)]
    elif how == "Div":
        parts = [
            e(t, g.varying(t, 1), " & 0xff", constant=False),
            ", ",
            *parts[:2],
            e(t, parts[2], " | 256", constant=False),
        ]
    g.add(x, t)
    g.add(y, t)
    return [s(f"{x}, {y} := bits.{how}{_suffix(t)}(", *parts, f")\n_, _ = {x}, {y}")]


def _bytes(g: Generator, least: int, writable: bool = False) -> list[Variable]:
    found = [v for v in g.visible(writable) if v.type.kind == "array" and v.type.element.go == "uint8"]
    return [v for v in found if v.type.len >= least and not v.shared]


@statement(0.5)
def some_bytes(g: Generator) -> list[Stmt] | None:
    """An array that the functions below can work on."""
    from ..types import array

    t = array(BY_NAME["uint8"], g.pick((4, 8, 10)))
    if _bytes(g, 4) or not g.room(t):
        return None
    name = g.name("w")
    value = g.varying(BY_NAME["uint64"], 2)
    g.add(name, t)
    return [
        s(
            f"var {name} {t}\nfor i := range {name} {{\n\t{name}[i] = uint8((",
            value,
            f") >> (i * 7))\n}}\n_ = {name}",
        )
    ]


@statement(0.5)
def byte_orders(g: Generator) -> list[Stmt] | None:
    t = g.pick(_WIDE)
    found = _bytes(g, t.bits // 8)
    if not found:
        return None
    v = g.pick(found)
    at = g.rng.randint(0, v.type.len - t.bits // 8)
    order = g.pick(("Big", "Little"))
    if not v.fixed and g.chance(0.5):
        return [s(f"binary.{order}Endian.PutUint{t.bits}({v.name}[{at}:], ", g.expr(t, 2), ")")]
    name = g.name("v")
    g.add(name, t)
    return [s(f"{name} := binary.{order}Endian.Uint{t.bits}({v.name}[{at}:])\n_ = {name}")]


@statement(0.4)
def searched(g: Generator) -> list[Stmt] | None:
    """slices and bytes, over arrays of the function's own."""
    found = [v for v in g.scope.variables.values() if v.type.kind == "array" and v.type.element.kind == "int"]
    if not found or g.turns > 2:
        return None
    v = g.pick(found)
    t, name = v.type.element, g.name("v")
    if t.go == "uint8" and g.chance(0.5):
        return _bytes_search(g, v, name)
    how = g.pick(("Contains", "Index", "Max", "Min", "Reverse", "IsSorted"))
    if how == "Reverse":
        return None if v.fixed else [s(f"slices.Reverse({v.name}[:])")]
    wanted: list[Part] = [", ", g.expr(t, 1)] if how in ("Contains", "Index") else []
    g.add(name, {"Contains": BOOL, "IsSorted": BOOL, "Index": INT}.get(how, t))
    return [s(f"{name} := slices.{how}({v.name}[:]", *wanted, f")\n_ = {name}")]


def _bytes_search(g: Generator, v: Variable, name: str) -> list[Stmt]:
    how = g.pick(("IndexByte", "LastIndexByte", "Equal", "Compare", "HasPrefix"))
    if how.endswith("IndexByte"):
        made = s(f"{name} := bytes.{how}({v.name}[:], ", g.expr(BY_NAME["uint8"], 1), f")\n_ = {name}")
        g.add(name, INT)
        return [made]
    other = g.pick(
        [o for o in g.scope.variables.values() if o.type.kind == "array" and o.type.element.go == "uint8"]
    )
    g.add(name, INT if how == "Compare" else BOOL)
    part = f"{other.name}[:{g.rng.randint(1, other.type.len)}]"
    return [s(f"{name} := bytes.{how}({v.name}[:], {part})\n_ = {name}")]
