"""Multiplication of more than 64 bits, which LLVM makes and BPF has no code for.

LLVM recognises the upper half of a product, the test whether a product overflows, and the sum that a
loop computes, and writes each with integers of more than 64 bits. BPF's backend has all it takes for
those but the multiplication, where it calls a C library. Here each one becomes 64-bit arithmetic, in the
text of the optimised module, which nothing optimises afterwards.
"""

from __future__ import annotations

import re

SIGN = "__multi3"
"""The function whose call LLVM complains about."""

_MULTIPLY = re.compile(r"^  (%\S+) = mul (?:nuw |nsw )*i(\d+) (\S+), ([^\s,]+)(.*)$", re.M)
_OVERFLOW = re.compile(
    r"^  (%\S+) = (?:tail )?call \{ i64, i1 \} @llvm\.umul\.with\.overflow\.i64"
    r"\(i64 (\S+), i64 ([^\s)]+)\)[^,\n]*(.*)$",
    re.M,
)


def expand(ir: str) -> str:
    """The module with such multiplications written out."""
    made = _Names()
    ir = _OVERFLOW.sub(lambda m: _overflow(made, m[1], m[2], m[3], m[4]), ir)
    return _MULTIPLY.sub(
        lambda m: m[0] if int(m[2]) <= 64 else _multiply(made, m[1], int(m[2]), m[3], m[4], m[5]), ir
    )


class _Names:
    """Lines with names that nothing else in a module has."""

    def __init__(self) -> None:
        self._count = 0
        self.lines: list[str] = []
        self.suffix = ""

    def value(self, text: str) -> str:
        self._count += 1
        name = f"%wide.{self._count}"
        self.lines.append(f"  {name} = {text}{self.suffix}")
        return name

    def take(self, last: str) -> str:
        """All lines so far and a last one."""
        text = "\n".join([*self.lines, f"  {last}{self.suffix}"])
        self.lines = []
        return text


def _product(b: _Names, x: str, y: str) -> tuple[str, str]:
    """The lower and the upper half of the product of two 64-bit numbers, by quarters."""
    x0, x1 = b.value(f"and i64 {x}, 4294967295"), b.value(f"lshr i64 {x}, 32")
    y0, y1 = b.value(f"and i64 {y}, 4294967295"), b.value(f"lshr i64 {y}, 32")
    low, across = b.value(f"mul i64 {x0}, {y0}"), b.value(f"mul i64 {x1}, {y0}")
    middle = b.value(f"add i64 {across}, {b.value(f'lshr i64 {low}, 32')}")
    other = b.value(f"mul i64 {x0}, {y1}")
    second = b.value(f"add i64 {b.value(f'and i64 {middle}, 4294967295')}, {other}")
    top = b.value(f"add i64 {b.value(f'mul i64 {x1}, {y1}')}, {b.value(f'lshr i64 {middle}, 32')}")
    return b.value(f"mul i64 {x}, {y}"), b.value(f"add i64 {top}, {b.value(f'lshr i64 {second}, 32')}")


def _overflow(b: _Names, name: str, x: str, y: str, suffix: str) -> str:
    b.suffix = suffix
    low, high = _product(b, x, y)
    first = b.value(f"insertvalue {{ i64, i1 }} poison, i64 {low}, 0")
    return b.take(f"{name} = insertvalue {{ i64, i1 }} {first}, i1 {b.value(f'icmp ne i64 {high}, 0')}, 1")


def _multiply(b: _Names, name: str, bits: int, x: str, y: str, suffix: str) -> str:
    """The lower ``bits`` of a product, at most 128."""
    b.suffix = suffix
    t = f"i{bits}"
    (x0, x1), (y0, y1) = _halves(b, t, x), _halves(b, t, y)
    low, high = _product(b, x0, y0)
    across = b.value(f"add i64 {b.value(f'mul i64 {x0}, {y1}')}, {b.value(f'mul i64 {x1}, {y0}')}")
    upper = b.value(f"zext i64 {b.value(f'add i64 {high}, {across}')} to i128")
    whole = b.value(f"or i128 {b.value(f'shl i128 {upper}, 64')}, {b.value(f'zext i64 {low} to i128')}")
    return b.take(f"{name} = or i128 {whole}, 0" if bits == 128 else f"{name} = trunc i128 {whole} to {t}")


def _halves(b: _Names, t: str, x: str) -> tuple[str, str]:
    shifted = b.value(f"lshr {t} {x}, 64")
    return b.value(f"trunc {t} {x} to i64"), b.value(f"trunc {t} {shifted} to i64")
