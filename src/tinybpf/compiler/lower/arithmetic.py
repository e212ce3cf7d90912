"""Operators on integers, bools and pointers, as the Go specification defines them."""

from __future__ import annotations

from tinybpf.compiler import ssa
from tinybpf.compiler.lower import panics, strings
from tinybpf.compiler.lower.builder import Operand, PointerInt
from tinybpf.compiler.lower.compare import equal
from tinybpf.compiler.lower.function import FunctionLowering, lowers
from tinybpf.compiler.lower.refuse import CHANNEL, LoweringFault, Refused
from tinybpf.compiler.lower.values import is_literal

_PLAIN = {"+": "add", "-": "sub", "*": "mul", "&": "and", "|": "or", "^": "xor"}
_ORDER = {"<": "lt", "<=": "le", ">": "gt", ">=": "ge"}


@lowers(ssa.BinOp)
def binop(f: FunctionLowering, instr: ssa.BinOp) -> Operand:
    op, t = instr.operator, f.type_of(instr.x)
    if op in ("==", "!="):
        same = equal(f, instr.x, instr.y)
        return same if op == "==" else f.b.value(f"xor i1 {same}, true")
    problem = f.types.problem(t) or f.types.problem(f.type_of(instr.y))
    if problem:
        raise Refused(instr.pos, problem)
    if f.types.is_string(t):
        return _of_strings(f, op, instr)
    if op in _ORDER:
        return _ordered(f, op, instr, t)
    if op in ("<<", ">>"):
        return _shift(f, op, instr)
    if op in ("/", "%"):
        return _divide(f, op, instr)
    if op in ("+", "-") and f.types.is_uintptr(t):
        moved = _move(f, op, instr)
        if moved is not None:
            return moved
    ir, x, y = f.types.ir(t), f.scalar(instr.x), f.scalar(instr.y)
    if op == "&^":
        return f.b.value(f"and {ir} {x}, {f.b.value(f'xor {ir} {y}, -1')}")
    if op not in _PLAIN:
        raise LoweringFault(f"operator {op}")
    return f.b.value(f"{_PLAIN[op]} {ir} {x}, {y}")


@lowers(ssa.UnOp)
def unop(f: FunctionLowering, instr: ssa.UnOp) -> Operand | None:
    from tinybpf.compiler.lower.memory import load

    if instr.operator == "*":
        return load(f, instr)
    if instr.operator == "<-":
        raise Refused(instr.pos, f"receive from a channel: {CHANNEL}")
    x, t = f.scalar(instr.x), f.type_of(instr.x)
    problem = f.types.problem(t)
    if problem:
        raise Refused(instr.pos, problem)
    if instr.operator == "!":
        return f.b.value(f"xor i1 {x}, true")
    ir = f.types.ir(t)
    return f.b.value(f"sub {ir} 0, {x}" if instr.operator == "-" else f"xor {ir} {x}, -1")


def _ordered(f: FunctionLowering, op: str, instr: ssa.BinOp, t: int) -> str:
    sign = "s" if f.types.is_signed(t) else "u"
    limit = f.limits.get(instr.id)
    if limit is not None and not f.is_exact(limit):
        x, y = (f.opaque(f.index64(n)) if n == limit else f.index64(n) for n in (instr.x, instr.y))
        return f.b.value(f"icmp {sign}{_ORDER[op]} i64 {x}, {y}")
    return f.b.value(f"icmp {sign}{_ORDER[op]} {f.types.ir(t)} {f.scalar(instr.x)}, {f.scalar(instr.y)}")


def _of_strings(f: FunctionLowering, op: str, instr: ssa.BinOp) -> str:
    if op in _ORDER:
        return strings.ordered(f, op, f.slice(instr.x), f.slice(instr.y))
    raise Refused(instr.pos, strings.CONCATENATION, strings.CONCATENATION_HINT)


def _move(f: FunctionLowering, op: str, instr: ssa.BinOp) -> PointerInt | None:
    """Arithmetic on an address stays pointer arithmetic: LLVM and the verifier must see the origin."""
    x, y = f.operand(instr.x), f.operand(instr.y)
    if isinstance(y, PointerInt) and op == "+" and not isinstance(x, PointerInt):
        x, y = y, x
    if not isinstance(x, PointerInt):
        return None
    by = f.materialise(y)
    if op == "-":
        by = f.b.value(f"sub i64 0, {by}") if not is_literal(by) else str(-int(by))
    if is_literal(x.offset) and is_literal(by):
        return PointerInt(x.ptr, str(int(x.offset) + int(by)))
    return PointerInt(x.ptr, f.b.value(f"add i64 {x.offset}, {by}"))


def _shift(f: FunctionLowering, op: str, instr: ssa.BinOp) -> str:
    """A count at or past the width gives 0, or the sign; a negative count panics."""
    b, t, count_type = f.b, f.type_of(instr.x), f.type_of(instr.y)
    bits, ir = f.types.bits(t), f.types.ir(t)
    assert bits is not None
    x, count = f.scalar(instr.x), f.scalar(instr.y)
    signed = op == ">>" and f.types.is_signed(t)
    opcode = "shl" if op == "<<" else "ashr" if signed else "lshr"
    if is_literal(count):
        n = int(count)
        if n >= bits:
            return b.value(f"ashr {ir} {x}, {bits - 1}") if signed else "0"
        return b.value(f"{opcode} {ir} {x}, {n}")
    if f.types.is_signed(count_type):
        f.panic_if(b.value(f"icmp slt {f.types.ir(count_type)} {count}, 0"), panics.SHIFT)
    wide = f.widen(count, count_type)
    past = b.value(f"icmp uge i64 {wide}, {bits}")
    clamped = b.value(f"select i1 {past}, i64 {bits - 1}, i64 {wide}")
    narrow = clamped if bits == 64 else b.value(f"trunc i64 {clamped} to {ir}")
    shifted = b.value(f"{opcode} {ir} {x}, {narrow}")
    return shifted if signed else b.value(f"select i1 {past}, {ir} 0, {ir} {shifted}")


def _divide(f: FunctionLowering, op: str, instr: ssa.BinOp) -> str:
    b, t = f.b, f.type_of(instr.x)
    bits, ir = f.types.bits(t), f.types.ir(t)
    assert bits is not None
    x, y = f.scalar(instr.x), f.scalar(instr.y)
    if not is_literal(y) or not int(y):  # 0 where lowering found that it is
        f.panic_if(b.value(f"icmp eq {ir} {y}, 0"), panics.DIVIDE)
    unsigned = "udiv" if op == "/" else "urem"
    if not f.types.is_signed(t):
        return b.value(f"{unsigned} {ir} {x}, {y}")
    return _signed_division(f, op, ir, x, y)


def _signed_division(f: FunctionLowering, op: str, ir: str, x: str, y: str) -> str:
    """By absolute values: BPF below v4 has no signed division, and LLVM leaves MIN / -1 undefined."""
    b = f.b
    x_negative = b.value(f"icmp slt {ir} {x}, 0")
    x_size = b.value(f"select i1 {x_negative}, {ir} {b.value(f'sub {ir} 0, {x}')}, {ir} {x}")
    y_negative = b.value(f"icmp slt {ir} {y}, 0")
    y_size = b.value(f"select i1 {y_negative}, {ir} {b.value(f'sub {ir} 0, {y}')}, {ir} {y}")
    size = b.value(f"{'udiv' if op == '/' else 'urem'} {ir} {x_size}, {y_size}")
    negative = b.value(f"xor i1 {x_negative}, {y_negative}") if op == "/" else x_negative
    return b.value(f"select i1 {negative}, {ir} {b.value(f'sub {ir} 0, {size}')}, {ir} {size}")
