"""``==`` on everything that has it."""

from __future__ import annotations

from tinybpf.compiler import ssa
from tinybpf.compiler.lower import strings
from tinybpf.compiler.lower.builder import Memory, SliceValue, plus
from tinybpf.compiler.lower.function import FunctionLowering
from tinybpf.compiler.lower.pointsto import Place
from tinybpf.compiler.lower.refuse import LoweringFault, Refused

MAX_BYTES = 512
"""The longest comparison that is written out word by word."""

MAX_STRINGS = 16
"""The most strings in a value that is compared."""


def equal(f: FunctionLowering, x: int, y: int) -> str:
    """An ``i1``: whether the two values are equal."""
    t = f.type_of(x)
    if _is_nil(f, x):
        t = f.type_of(y)
    problem = f.types.problem(t)
    if problem:
        raise Refused(f.pos, problem)
    left, right = f.operand(x), f.operand(y)
    if isinstance(left, SliceValue) or isinstance(right, SliceValue):
        assert isinstance(left, SliceValue) and isinstance(right, SliceValue)
        if f.types.is_string(t):
            return strings.equal(f, left, right)
        return f.b.value(f"icmp eq ptr {left.base}, {right.base}")
    if isinstance(left, Memory) and isinstance(right, Memory):
        same = _memory_equal(f, t, left.ptr, right.ptr)
        return _strings_equal(f, t, (left.ptr, f.places(x)), (right.ptr, f.places(y)), same)
    return f.b.value(f"icmp eq {f.types.ir(t)} {f.materialise(left)}, {f.materialise(right)}")


def _is_nil(f: FunctionLowering, number: int) -> bool:
    return number < len(f.fn.values) and isinstance(f.fn.values[number], ssa.ConstNil)


def _memory_equal(f: FunctionLowering, t: int, left: str, right: str) -> str:
    """Word by word over the bytes that count: padding and blank fields don't."""
    regions = f.types.regions(t)
    if sum(r.size for r in regions) > MAX_BYTES:
        raise Refused(
            f.pos,
            f"comparison of values of {f.types.size(t)} bytes ({f.types.string(t)}); at most {MAX_BYTES} "
            "are compared in one expression",
            "compare the parts in a loop",
        )
    differences = []
    for r in regions:
        at = r.offset
        while at < r.offset + r.size:
            step = _step(at, r.offset + r.size - at, f.types.align(t))
            differences.append(_word_differs(f, left, right, at, step))
            at += step
    if not differences:
        return "true"
    total = differences[0]
    for d in differences[1:]:
        total = f.b.value(f"or i64 {total}, {d}")
    return f.b.value(f"icmp eq i64 {total}, 0")


def _strings_equal(
    f: FunctionLowering, t: int, left: tuple[str, set[Place]], right: tuple[str, set[Place]], same: str
) -> str:
    """Whether besides ``same`` the strings in two values are equal, too."""
    found = f.types.strings_in(t)
    if len(found) > MAX_STRINGS:
        raise Refused(
            f.pos,
            f"comparison of values with {len(found)} strings ({f.types.string(t)}); at most {MAX_STRINGS} "
            "are compared in one expression",
            "compare the parts in a loop",
        )
    for at in found:
        x, y = (strings.load(f, plus(f.b, ptr, at), places) for ptr, places in (left, right))
        same = f.b.value(f"and i1 {same}, {strings.equal(f, x, y)}")
    return same


def _step(at: int, left: int, align: int) -> int:
    step = 8
    while step > left or at % step or (step > align and align < step):
        step //= 2
    if step < 1:
        raise LoweringFault("a comparison step of no bytes")
    return step


def _word_differs(f: FunctionLowering, left: str, right: str, at: int, size: int) -> str:
    b, ir = f.b, f"i{size * 8}"
    x = b.value(f"load {ir}, ptr {plus(b, left, at)}, align {size}")
    y = b.value(f"load {ir}, ptr {plus(b, right, at)}, align {size}")
    different = b.value(f"xor {ir} {x}, {y}")
    return different if size == 8 else b.value(f"zext {ir} {different} to i64")
