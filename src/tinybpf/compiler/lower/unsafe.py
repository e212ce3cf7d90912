"""``unsafe.Slice`` and ``unsafe.String``: what an address is a part of."""

from __future__ import annotations

from tinybpf.compiler import ssa
from tinybpf.compiler.lower import panics, slices
from tinybpf.compiler.lower.builder import Address, SliceValue
from tinybpf.compiler.lower.function import FunctionLowering
from tinybpf.compiler.lower.refuse import Refused
from tinybpf.compiler.lower.trace import pointee
from tinybpf.compiler.lower.values import is_literal


def from_address(f: FunctionLowering, instr: ssa.Call, name: str) -> SliceValue:
    """``unsafe.Slice`` and ``unsafe.String``: ``n`` elements from an address on.

    Where it is known what the address is a part of, the program ends if that has fewer.
    """
    size = 1 if name == "String" else f.types.size(f.types.elem(instr.type))
    n = f.index64(instr.args[1])
    whole = _whole(f, instr.args[0], size)
    if whole is None:
        if not is_literal(n):
            raise Refused(
                instr.pos,
                f"unsafe.{name}: it is not known what the address is a part of, so the length has to be "
                "constant",
                f"write unsafe.{name}(&a[i], n), a being an array or slice",
            )
        address = f.scalar(instr.args[0])
        if n != "0" and f.may_be_nil(instr.args[0]):
            f.panic_if(f.b.value(f"icmp eq ptr {address}, null"), panics.UNSAFE)
        whole = SliceValue(address, "0", n, n)
    left = slices.minus(f, whole.end, whole.off)
    if not (is_literal(n) and is_literal(left) and int(n) <= int(left)):
        n = f.guard(n, left, "ule", panics.UNSAFE)
    end = whole.end if name == "String" else slices.plus(f, whole.off, n)
    if not is_literal(end) and end != whole.end:
        end = f.guard(end, whole.end, "ule", panics.UNSAFE)
    return SliceValue(whole.base, whole.off, n, end)


def _whole(f: FunctionLowering, number: int, size: int) -> SliceValue | None:
    """What an address of elements of ``size`` bytes is a part of, beginning there."""
    made = f.uses.made_by.get(number)
    if number < len(f.fn.values) and isinstance(f.fn.values[number], ssa.ConstNil):
        return SliceValue("null", "0", "0", "0")
    if isinstance(made, ssa.IndexAddr):
        return _from_element(f, made, size)
    if isinstance(made, ssa.Call):
        target = f.fn.values[made.fn] if made.fn < len(f.fn.values) else None
        if isinstance(target, ssa.Builtin) and target.name in ("SliceData", "StringData"):
            return f.slice(made.args[0])
        return None
    if isinstance(made, (ssa.Convert, ssa.ChangeType)) and size:
        t = pointee(f.types, f.uses, made.x)
        if t is None or f.types.size(t) < size or f.types.size(t) % size:
            return None
        return _object(f, number, f.types.size(t) // size)
    if isinstance(made, (ssa.Alloc, ssa.FieldAddr)) and size:
        return _object(f, number, 1)
    return None


def _from_element(f: FunctionLowering, made: ssa.IndexAddr, size: int) -> SliceValue | None:
    container, index = f.type_of(made.x), f.index64(made.index)
    if f.types.is_slice(container):
        s = f.slice(made.x)
        return SliceValue(s.base, slices.plus(f, s.off, index), s.len, s.end)
    array = f.types.array(f.types.elem(container))
    if f.types.size(array.elem) != size or f.is_context(made.x):
        return None
    if not is_literal(index):
        index = f.guard(index, str(array.len))
    return SliceValue(f.materialise(f.address(made.x)), index, str(array.len), str(array.len))


def _object(f: FunctionLowering, number: int, count: int) -> SliceValue | None:
    if f.is_context(number):
        return None
    operand = f.operand(number)
    base = operand if isinstance(operand, Address) else Address(f.materialise(operand), 0)
    if f.may_be_nil(number):
        f.panic_if(f.b.value(f"icmp eq ptr {f.materialise(base)}, null"), panics.UNSAFE)
    return SliceValue(f.materialise(base), "0", str(count), str(count))
