"""Slices of arrays: slicing, length and capacity, copy."""

from __future__ import annotations

from tinybpf.compiler import ssa
from tinybpf.compiler.lower import core
from tinybpf.compiler.lower.builder import Operand, SliceValue
from tinybpf.compiler.lower.function import FunctionLowering, is_literal, lowers
from tinybpf.compiler.lower.pointsto import CONTEXT
from tinybpf.compiler.lower.refuse import Refused


@lowers(ssa.SliceOp)
def slice_op(f: FunctionLowering, instr: ssa.SliceOp) -> Operand:
    t = f.type_of(instr.x)
    problem = f.types.problem(t) or f.types.problem(instr.type)
    if problem:
        raise Refused(instr.pos, problem)
    whole = f.slice(instr.x) if f.types.is_slice(t) else _whole_array(f, instr.x, t)
    b = f.b
    capacity = _minus(f, whole.end, whole.off)
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
    off, length, end = _plus(f, whole.off, low), _minus(f, high, low), _plus(f, whole.off, top)
    if not (is_literal(off) and is_literal(length)):
        # The verifier does not follow the arithmetic above: give it the bounds anew.
        off, length = f.guard(off, whole.end, "ule"), f.guard(length, whole.end, "ule")
    del b
    return SliceValue(whole.base, off, length, end)


def _whole_array(f: FunctionLowering, number: int, t: int) -> SliceValue:
    if CONTEXT in f.places(number):
        raise Refused(f.pos, f"slice of {core.CONTEXT_IS_FIXED}", "index the array itself, by constants")
    count = str(f.types.array(f.types.elem(t)).len)
    return SliceValue(f.materialise(f.address(number)), "0", count, count)


def _at_most(f: FunctionLowering, value: str, limit: str) -> None:
    if is_literal(value) and is_literal(limit) and 0 <= int(value) <= int(limit):
        return
    f.panic_if(f.b.value(f"icmp ugt i64 {value}, {limit}"))


def _plus(f: FunctionLowering, x: str, y: str) -> str:
    if is_literal(x) and is_literal(y):
        return str(int(x) + int(y))
    return f.b.value(f"add i64 {x}, {y}")


def _minus(f: FunctionLowering, x: str, y: str) -> str:
    if is_literal(x) and is_literal(y):
        return str(int(x) - int(y))
    return x if y == "0" else f.b.value(f"sub i64 {x}, {y}")


@lowers(ssa.SliceToArrayPointer)
def to_array_pointer(f: FunctionLowering, instr: ssa.SliceToArrayPointer) -> Operand:
    """``(*[N]T)(s)`` panics where the slice is shorter than N; of a nil slice it is nil."""
    s = f.slice(instr.x)
    array = f.types.array(f.types.elem(instr.type))
    f.panic_if(f.b.value(f"icmp ult i64 {s.len}, {array.len}"))
    size = f.types.size(array.elem)
    return f.b.value(f"getelementptr [{size} x i8], ptr {s.base}, i64 {s.off}")


def copy_elements(f: FunctionLowering, target: SliceValue, source: SliceValue, size: int) -> str:
    """The built-in ``copy``: an element at a time, from the end where the target lies behind."""
    b = f.b
    shorter = b.value(f"icmp ult i64 {target.len}, {source.len}")
    count = b.value(f"select i1 {shorter}, i64 {target.len}, i64 {source.len}")
    same = b.value(f"icmp eq ptr {target.base}, {source.base}")
    behind = b.value(f"and i1 {same}, {b.value(f'icmp ugt i64 {target.off}, {source.off}')}")
    head, body, done = b.new_label("copy"), b.new_label("copy.body"), b.new_label("copy.done")
    before = b.label
    b.jump(head)
    b.start(head)
    n = b.reserve()
    more = b.value(f"icmp ult i64 %copied.{n}, {count}")
    b.branch(more, body, done)
    b.start(body)
    last = b.value(f"sub i64 {b.value(f'sub i64 {count}, 1')}, %copied.{n}")
    at = b.value(f"select i1 {behind}, i64 {last}, i64 %copied.{n}")
    from_ = f.guard(b.value(f"add i64 {source.off}, {at}"), source.end)
    to = f.guard(b.value(f"add i64 {target.off}, {at}"), target.end)
    src = b.value(f"getelementptr inbounds [{size} x i8], ptr {source.base}, i64 {from_}")
    dst = b.value(f"getelementptr inbounds [{size} x i8], ptr {target.base}, i64 {to}")
    b.emit(f"call void @llvm.memmove.p0.p0.i64(ptr {dst}, ptr {src}, i64 {size}, i1 false)")
    following = b.value(f"add i64 %copied.{n}, 1")
    back = b.label
    b.jump(head)
    b.lines[n] = f"  %copied.{n} = phi i64 [ 0, %{before} ], [ {following}, %{back} ]{b.dbg}"
    b.start(done)
    return count
