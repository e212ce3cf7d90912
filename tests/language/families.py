"""Cases for every integer type, written out: operators, shifts, comparisons, conversions."""

from __future__ import annotations

from collections.abc import Iterator

from .source import CaseFile, parse

INTS = ("int8", "int16", "int32", "int64", "int", "uint8", "uint16", "uint32", "uint64", "uint")
COUNTS = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")


def files() -> list[CaseFile]:
    """One file for each family."""
    return [_file("operators", _operators), _file("shifts", _shifts), _file("conversions", _conversions)]


def _file(stem: str, family: object) -> CaseFile:
    assert callable(family)
    return parse(stem, "\n".join([f"package {stem}", "", *family()]))


def _operators() -> Iterator[str]:
    for t in INTS:
        n = t.capitalize()
        yield f"func Arith{n}(a, b {t}) (add, sub, mul, and, or, xor, clear {t}) {{"
        yield "\treturn a + b, a - b, a * b, a & b, a | b, a ^ b, a &^ b\n}\n"
        yield f"func Div{n}(a, b {t}) (quotient, rest {t}) {{ return a / b, a % b }}\n"
        yield f"func DivConst{n}(a {t}) (x, y, z, u, v {t}) {{"
        yield "\treturn a / 3, a % 3, a / 10, a % 16, 100 / (a | 1)\n}\n"
        yield f"func Compare{n}(a, b {t}) (eq, ne, lt, le, gt, ge bool) {{"
        yield "\treturn a == b, a != b, a < b, a <= b, a > b, a >= b\n}\n"
        yield f"func Sign{n}(a {t}) (neg, pos, com {t}) {{ return -a, +a, ^a }}\n"
        yield f"func Wrap{n}(a {t}) (up, down, twice {t}) {{"
        yield "\tup, down, twice = a, a, a\n\tup++\n\tdown--\n\ttwice *= 2\n\treturn\n}\n"
        yield f"func Assign{n}(a, b {t}) {t} {{"
        yield "\tx := a\n\tx += b\n\tx ^= 0x55\n\tx -= 3\n\tx |= b"
        yield "\tx *= 7\n\tx &= ^b\n\tx &^= 0x11\n\tx <<= 1\n\tx >>= 2"
        yield "\tif b != 0 {\n\t\tx /= b\n\t\tx %= b\n\t}\n\treturn x\n}\n"
        yield f"func Mixed{n}(a, b, c {t}) {t} {{ return (a+b)*c - (a-c)*(b|1) + (a^b)&c }}\n"
        yield f"func Narrow{n}(a, b {t}) (sum bool, product bool, mean {t}) {{"
        yield "\treturn a+b < a, a*b > b, (a + b) / 2\n}\n"
        yield f"func MinMax{n}(a, b, c {t}) (least, greatest {t}) {{"
        yield "\treturn min(a, b, c), max(a, 5, b, c)\n}\n"


def _shifts() -> Iterator[str]:
    for t in INTS:
        for count in COUNTS:
            yield f"//in:n {'-1 -128 ' if count.startswith('i') else ''}0..9 15..17 31..34 63..66 100 127"
            yield f"func Shift{t.capitalize()}By{count.capitalize()}(x {t}, n {count}) (left, right {t}) {{"
            yield "\treturn x << n, x >> n\n}\n"
        yield f"func ShiftConst{t.capitalize()}(x {t}) (a, b, c, d, e, f {t}) {{"
        yield "\treturn x << 1, x >> 1, x << 7, x >> 7, x << 70, x >> 70\n}\n"
        yield f"func ShiftBack{t.capitalize()}(x {t}, n uint8) {t} {{ return x << (n & 7) >> (n & 7) }}\n"


def _conversions() -> Iterator[str]:
    for t in INTS:
        n = t.capitalize()
        results = ", ".join(f"to{u.capitalize()} {u}" for u in INTS)
        yield f"func Convert{n}(x {t}) ({results}) {{"
        yield "\treturn " + ", ".join(f"{u}(x)" for u in INTS) + "\n}\n"
        yield f"func Chain{n}(x {t}) (a, b, c, d uint64, e int64) {{"
        yield "\ta, b, c = uint64(int8(x)), uint64(uint8(x)), uint64(int16(uint8(x)))"
        yield "\treturn a, b, c, uint64(uint32(int8(x))), int64(uint32(int16(x)))\n}\n"
        yield f"func AfterSum{n}(x, y {t}) (a uint64, b int64, c uint64) {{"
        yield f"\treturn uint64(x + y), int64(x - y), uint64({t}(x*y) >> 1)\n}}\n"
