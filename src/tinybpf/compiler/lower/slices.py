"""Slices of arrays, and of strings: slicing, length and capacity, copy."""

from __future__ import annotations

from collections.abc import Callable

from tinybpf.compiler import ssa
from tinybpf.compiler.lower import core, panics
from tinybpf.compiler.lower.builder import Operand, SliceValue, zero
from tinybpf.compiler.lower.function import FunctionLowering, lowers
from tinybpf.compiler.lower.pointsto import CONTEXT
from tinybpf.compiler.lower.refuse import Refused
from tinybpf.compiler.lower.values import is_literal


@lowers(ssa.SliceOp)
def slice_op(f: FunctionLowering, instr: ssa.SliceOp) -> Operand:
    t = f.type_of(instr.x)
    problem = f.types.problem(t) or f.types.problem(instr.type)
    if problem:
        raise Refused(instr.pos, problem)
    whole = f.slice(instr.x) if f.types.is_wide(t) else _whole_array(f, instr.x, t)
    capacity = whole.len if f.types.is_string(t) else minus(f, whole.end, whole.off)
    low = f.index64(instr.low) if instr.low is not None else "0"
    high = f.index64(instr.high) if instr.high is not None else whole.len
    top = f.index64(instr.max) if instr.max is not None else capacity
    # Go's order of checks: max against the capacity, high against max, low against high.
    if instr.max is not None:
        _at_most(f, top, capacity)
    if instr.high is not None or instr.max is not None:
        _at_most(f, high, top)
    if instr.low is not None:
        _at_most(f, low, high)
    off, length = plus(f, whole.off, low), minus(f, high, low)
    end = whole.end if f.types.is_string(t) else plus(f, whole.off, top)
    if not f.is_exact(instr.id) and not (is_literal(off) and is_literal(length)):
        # The verifier does not follow the arithmetic above: give it the bounds anew.
        off, length = (f.guard(x, whole.end, "ule", panics.SLICE) for x in (off, length))
    if instr.max is not None and not is_literal(end):
        end = f.guard(end, whole.end, "ule", panics.SLICE)
    return SliceValue(whole.base, off, length, end)


def data(f: FunctionLowering, number: int) -> Operand:
    """``unsafe.SliceData`` and ``unsafe.StringData``."""
    s, t = f.slice(number), f.type_of(number)
    size = 1 if f.types.is_string(t) else f.types.size(f.types.elem(t))
    if s.off == "0":
        return s.base
    return f.b.value(f"getelementptr inbounds [{size} x i8], ptr {s.base}, i64 {s.off}")


def _whole_array(f: FunctionLowering, number: int, t: int) -> SliceValue:
    if CONTEXT in f.places(number):
        raise Refused(f.pos, f"slice of {core.CONTEXT_IS_FIXED}", "index the array itself, by constants")
    count = str(f.types.array(f.types.elem(t)).len)
    return SliceValue(f.materialise(f.address(number)), "0", count, count)


def _at_most(f: FunctionLowering, value: str, limit: str) -> None:
    if is_literal(value) and is_literal(limit) and 0 <= int(value) <= int(limit):
        return
    f.panic_if(f.b.value(f"icmp ugt i64 {value}, {limit}"), panics.SLICE)


def plus(f: FunctionLowering, x: str, y: str) -> str:
    if is_literal(x) and is_literal(y):
        return str(int(x) + int(y))
    return f.b.value(f"add i64 {x}, {y}")


def minus(f: FunctionLowering, x: str, y: str) -> str:
    if is_literal(x) and is_literal(y):
        return str(int(x) - int(y))
    return x if y == "0" else f.b.value(f"sub i64 {x}, {y}")


@lowers(ssa.SliceToArrayPointer)
def to_array_pointer(f: FunctionLowering, instr: ssa.SliceToArrayPointer) -> Operand:
    """``(*[N]T)(s)`` panics where the slice is shorter than N; of a nil slice it is nil."""
    s = f.slice(instr.x)
    array = f.types.array(f.types.elem(instr.type))
    f.panic_if(f.b.value(f"icmp ult i64 {s.len}, {array.len}"), panics.CONVERT)
    size = f.types.size(array.elem)
    return f.b.value(f"getelementptr [{size} x i8], ptr {s.base}, i64 {s.off}")


def copy_elements(
    f: FunctionLowering, target: SliceValue, source: SliceValue, size: int, one_base: bool
) -> str:
    """The built-in ``copy``: an element at a time, from the end where the target lies behind.

    ``one_base``: slices of one array have one base, so that their offsets tell how they lie.
    """
    b = f.b
    shorter = b.value(f"icmp ult i64 {target.len}, {source.len}")
    count = b.value(f"select i1 {shorter}, i64 {target.len}, i64 {source.len}")
    behind = _behind(f, target, source, size, one_base)

    def element(turn: str) -> None:
        last = b.value(f"sub i64 {b.value(f'sub i64 {count}, 1')}, {turn}")
        at = b.value(f"select i1 {behind}, i64 {last}, i64 {turn}")
        src, dst = _element(f, source, at, size), _element(f, target, at, size)
        b.emit(f"call void @llvm.memmove.p0.p0.i64(ptr {dst}, ptr {src}, i64 {size}, i1 false)")

    if size:
        _repeat(f, count, element)
    return count


def copy_each(f: FunctionLowering, target: SliceValue, source: SliceValue, size: int, align: int) -> None:
    """A known number of elements, from another array, to where there is room for them."""
    for n in range(int(source.len) if size else 0):
        src, dst = (_at(f, s.base, plus(f, s.off, str(n)), size) for s in (source, target))
        f.b.emit(
            f"call void @llvm.memcpy.p0.p0.i64(ptr align {align} {dst}, ptr align {align} {src}, i64 {size}, "
            "i1 false)"
        )


def clear_elements(f: FunctionLowering, s: SliceValue, t: int) -> None:
    """The built-in ``clear``; with a guard in each turn LLVM makes no call of the C library of it."""
    size = f.types.size(t)
    if size:
        _repeat(f, s.len, lambda turn: zero(f.b, _element(f, s, turn, size), size, f.types.align(t)))


def _behind(f: FunctionLowering, target: SliceValue, source: SliceValue, size: int, one_base: bool) -> str:
    """An ``i1``: whether the target begins behind the source, so that its start may be the source's end."""
    b = f.b
    if not one_base:
        return b.value(f"icmp ugt ptr {_start(f, target, size)}, {_start(f, source, size)}")
    # Addresses that are only compared would escape their bounds.
    same = b.value(f"icmp eq ptr {target.base}, {source.base}")
    return b.value(f"and i1 {same}, {b.value(f'icmp ugt i64 {target.off}, {source.off}')}")


def _start(f: FunctionLowering, s: SliceValue, size: int) -> str:
    return _at(f, s.base, f.guard(s.off, s.end, "ule"), size)


def _element(f: FunctionLowering, s: SliceValue, index: str, size: int) -> str:
    return _at(f, s.base, f.guard(f.b.value(f"add i64 {s.off}, {index}"), s.end), size)


def _at(f: FunctionLowering, base: str, at: str, size: int) -> str:
    return f.b.value(f"getelementptr inbounds [{size} x i8], ptr {base}, i64 {at}")


def _repeat(f: FunctionLowering, count: str, turn: Callable[[str], None]) -> None:
    """A loop; ``turn`` writes its body and gets the number of the turn."""
    b = f.b
    head, body, done = b.new_label("repeat"), b.new_label("repeat.body"), b.new_label("repeat.done")
    before = b.label
    b.jump(head)
    b.start(head)
    line = b.reserve()
    number = f"%turn.{line}"
    b.branch(b.value(f"icmp ult i64 {number}, {count}"), body, done)
    b.start(body)
    turn(number)
    following = b.value(f"add i64 {number}, 1")
    back = b.label
    b.jump(head)
    b.lines[line] = f"  {number} = phi i64 [ 0, %{before} ], [ {following}, %{back} ]{b.dbg}"
    b.start(done)
