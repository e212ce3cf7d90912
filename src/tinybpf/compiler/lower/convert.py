"""Conversions between integer widths, pointers and addresses as integers."""

from __future__ import annotations

from tinybpf.compiler import ssa
from tinybpf.compiler.lower import core, text
from tinybpf.compiler.lower.builder import Address, Operand, PointerInt
from tinybpf.compiler.lower.function import FunctionLowering, lowers
from tinybpf.compiler.lower.refuse import Refused
from tinybpf.compiler.lower.values import is_literal


@lowers(ssa.ChangeType)
def change_type(f: FunctionLowering, instr: ssa.ChangeType) -> Operand:
    return f.operand(instr.x)


@lowers(ssa.Convert)
def convert(f: FunctionLowering, instr: ssa.Convert) -> Operand:
    types, source, target = f.types, f.type_of(instr.x), instr.type
    problem = types.problem(source) or types.problem(target)
    if problem:
        raise Refused(instr.pos, problem)
    if types.is_string(source) or types.is_string(target):
        return (
            f.operand(instr.x)
            if types.is_string(source) and types.is_string(target)
            else text.convert(f, instr)
        )
    if types.is_int(source) and types.is_int(target):
        return _between_ints(f, instr, source, target)
    if types.is_pointer(source) and types.is_pointer(target):
        return f.operand(instr.x)
    if types.is_pointer(source) and types.is_uintptr(target):
        return _to_int(f, f.operand(instr.x))
    if types.is_uintptr(source) and types.is_pointer(target):
        return _to_pointer(f, instr.x)
    raise Refused(
        instr.pos, f"conversion of {types.string(source)} to {types.string(target)} is not supported"
    )


def _between_ints(f: FunctionLowering, instr: ssa.Convert, source: int, target: int) -> Operand:
    operand = f.operand(instr.x)
    if isinstance(operand, PointerInt) and f.types.is_uintptr(target):
        return operand
    value, have, want = f.materialise(operand), f.types.bits(source), f.types.bits(target)
    assert have is not None and want is not None
    if have == want:
        return value
    if is_literal(value) and 0 <= int(value) < 1 << min(have, want) - 1:
        return value
    if have > want:
        return f.b.value(f"trunc i{have} {value} to i{want}")
    return f.b.value(f"{'sext' if f.types.is_signed(source) else 'zext'} i{have} {value} to i{want}")


def _to_int(f: FunctionLowering, operand: Operand) -> PointerInt:
    if isinstance(operand, Address):
        return PointerInt(operand.base, str(operand.offset))
    return PointerInt(f.materialise(operand), "0")


def _to_pointer(f: FunctionLowering, number: int) -> Operand:
    operand = f.operand(number)
    if not isinstance(operand, PointerInt):
        return f.b.value(f"inttoptr i64 {f.materialise(operand)} to ptr")
    if is_literal(operand.offset):
        return Address(operand.ptr, int(operand.offset))
    core.check_moved(f, number)
    return f.b.value(f"getelementptr i8, ptr {operand.ptr}, i64 {f.opaque(operand.offset)}")
