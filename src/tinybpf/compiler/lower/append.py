"""``append``, within the capacity that a slice has."""

from __future__ import annotations

from tinybpf.compiler import ssa
from tinybpf.compiler.lower import panics, slices
from tinybpf.compiler.lower.builder import SliceValue
from tinybpf.compiler.lower.function import FunctionLowering
from tinybpf.compiler.lower.pointsto import NIL
from tinybpf.compiler.lower.refuse import Refused
from tinybpf.compiler.lower.values import is_literal

_HINT = "make the slice with a capacity: s := make([]T, 0, 16), or s := a[:0] of an array"


def append(f: FunctionLowering, instr: ssa.Call) -> SliceValue:
    """Within the capacity that there is; where Go would take memory from the heap, the program ends."""
    s, more = f.slice(instr.args[0]), f.slice(instr.args[1])
    if f.places(instr.args[0]) == {NIL} and more.len != "0":
        raise Refused(instr.pos, "append to a nil slice: there is no heap to take its elements from", _HINT)
    start = slices.plus(f, s.off, s.len)
    if is_literal(more.len):
        start = _room_behind(f, instr, s, start, int(more.len))
        stop = slices.plus(f, start, more.len)
    else:
        stop = f.guard(slices.plus(f, start, more.len), s.end, "ule", panics.APPEND)
    length = slices.minus(f, stop, s.off)
    if s.off != "0" and not is_literal(length):
        length = f.guard(length, s.end, "ule", panics.APPEND)  # the verifier does not follow the subtraction
    t = f.types.elem(instr.type)
    behind = SliceValue(s.base, start, more.len, s.end)
    if _written_out(f, instr.args[1]) and is_literal(more.len):
        slices.copy_each(f, behind, more, f.types.size(t), f.types.align(t))
    elif more.len != "0":
        one_base = not (f.m.has_array_pointers and f.places(instr.args[0]) & f.places(instr.args[1]))
        slices.copy_elements(f, behind, more, f.types.size(t), one_base)
    return SliceValue(s.base, s.off, length, s.end)


def _room_behind(f: FunctionLowering, instr: ssa.Call, s: SliceValue, start: str, n: int) -> str:
    """``start``, behind which there is room for ``n`` elements, or the program ends."""
    if n == 0:
        return start
    if is_literal(s.end) and (int(s.end) < n or (is_literal(start) and int(start) + n > int(s.end))):
        raise Refused(
            instr.pos,
            f"append of {n} element{'s' if n > 1 else ''} to a slice without room for them: there is no heap "
            "to take more from",
            _HINT,
        )
    if not is_literal(s.end):
        f.panic_if(f.b.value(f"icmp ult i64 {s.end}, {n}"), panics.APPEND)
    return f.guard(start, slices.minus(f, s.end, str(n)), "ule", panics.APPEND)


def _written_out(f: FunctionLowering, number: int) -> bool:
    """Whether the elements stand in the call, so that they are in an array of their own."""
    made = f.uses.made_by.get(number)
    array = f.uses.made_by.get(made.x) if isinstance(made, ssa.SliceOp) else None
    return isinstance(array, ssa.Alloc) and array.comment == "varargs"
