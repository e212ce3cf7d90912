"""Numbers as bits and as bytes: what ``math/bits`` and ``encoding/binary`` leave to the compiler."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from tinybpf.compiler import ssa
from tinybpf.compiler.lower.builder import Operand, hide
from tinybpf.compiler.lower.values import is_literal

if TYPE_CHECKING:
    from tinybpf.compiler.lower.function import FunctionLowering

Made = Callable[["FunctionLowering", ssa.Call], Operand | None]


# --- bits


def _intrinsic(name: str, more: str = "") -> Made:
    def made(f: FunctionLowering, instr: ssa.Call) -> Operand:
        ir = f.types.ir(instr.type)
        return f.b.value(f"call {ir} @llvm.{name}.{ir}({ir} {f.scalar(instr.args[0])}{more})")

    return made


def _trailing_zeros(f: FunctionLowering, instr: ssa.Call) -> Operand:
    """The ones below the lowest one, counted: of ``cttz`` LLVM makes a table in a section of its own."""
    b, x = f.b, f.scalar(instr.args[0])
    constant = b.value(f"call i1 @llvm.is.constant.i64(i64 {x})")
    lowest = hide(b, b.value(f"and i64 {x}, {b.value(f'sub i64 0, {x}')}"))
    counted = b.value(f"call i64 @llvm.ctpop.i64(i64 {b.value(f'sub i64 {lowest}, 1')})")
    known = b.value(f"call i64 @llvm.cttz.i64(i64 {x}, i1 false)")
    return b.value(f"select i1 {constant}, i64 {known}, i64 {counted}")


# --- bytes that have an order


def _load(order: str) -> Made:
    def made(f: FunctionLowering, instr: ssa.Call) -> Operand:
        ir, size = f.types.ir(instr.type), f.types.size(instr.type)
        pointer = _begin(f, instr.args[1], size)
        loaded = f.b.value(f"load {ir}, ptr {pointer}, align {_alignment(f, instr.args[1], size)}")
        return _in_order(f, order, ir, loaded)

    return made


def _store(order: str) -> Made:
    def made(f: FunctionLowering, instr: ssa.Call) -> None:
        t = f.type_of(instr.args[2])
        ir, size = f.types.ir(t), f.types.size(t)
        value = _in_order(f, order, ir, f.scalar(instr.args[2]))
        pointer = _begin(f, instr.args[1], size)
        f.b.emit(f"store {ir} {value}, ptr {pointer}, align {_alignment(f, instr.args[1], size)}")

    return made


def _in_order(f: FunctionLowering, order: str, ir: str, value: str) -> str:
    return f.b.value(f"call {ir} @llvm.bswap.{ir}({ir} {value})") if order == "big" else value


def _begin(f: FunctionLowering, number: int, size: int) -> str:
    """The address of the first ``size`` bytes of a slice, which has as many, or the program ends."""
    s = f.slice(number)
    if not (is_literal(s.len) and int(s.len) >= size):
        f.panic_if(f.b.value(f"icmp ult i64 {s.len}, {size}"))
    last = str(int(s.end) - size) if is_literal(s.end) else f.b.value(f"sub i64 {s.end}, {size}")
    at = f.guard(s.off, last, "ule")
    return f.b.value(f"getelementptr inbounds i8, ptr {s.base}, i64 {at}")


def _alignment(f: FunctionLowering, number: int, size: int) -> int:
    """What may be said of an address: the verifier wants the stack's accesses aligned, and no others where
    the machine does without."""
    places = f.places(number)
    anywhere = f.m.native or not places or any(p.kind in ("local", "context") for p in places)
    return 1 if anywhere else size


def _bytes_of(f: FunctionLowering, instr: ssa.Call) -> Operand:
    """A string's bytes, with what is known of where they end."""
    return f.slice(instr.args[0])


BUILTINS: dict[str, Made] = {
    "bytes_of": _bytes_of,
    "leading_zeros": _intrinsic("ctlz", ", i1 false"),
    "trailing_zeros": _trailing_zeros,
    "ones_count": _intrinsic("ctpop"),
    "reverse": _intrinsic("bitreverse"),
    "reverse_bytes": _intrinsic("bswap"),
    "load_big": _load("big"),
    "load_little": _load("little"),
    "load_native": _load("native"),
    "store_big": _store("big"),
    "store_little": _store("little"),
    "store_native": _store("native"),
}
