"""A program's parameters, where they are the arguments of what it watches: read from the context at its
beginning. LLVM leaves out what the program does not use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tinybpf.compiler import ssa
from tinybpf.compiler.kernel.helpers import helper
from tinybpf.compiler.lower.abi import Arguments
from tinybpf.compiler.lower.builder import plus

if TYPE_CHECKING:
    from tinybpf.compiler.lower.function import FunctionLowering


def unpack(f: FunctionLowering, arguments: Arguments) -> None:
    """Give each parameter its value."""
    wanted: list[tuple[int, int]] = []
    for n, offset in enumerate(arguments.offsets):
        if offset is None:
            f.values[n] = "%a0"
        elif _is_named(f.fn.values[n]):
            wanted.append((n, offset))
        else:
            f.values[n] = "null" if f.types.is_pointer(f.type_of(n)) else "0"
    if not wanted:
        return
    if arguments.through is None:
        base, start = f.b.value("call ptr @llvm.preserve.static.offset(ptr %a0)"), 0
    else:
        start = min(offset for _, offset in wanted)
        size = max(offset for _, offset in wanted) + 8 - start
        base = _saved(f, arguments.through, start, size)
    for n, offset in wanted:
        f.values[n] = _value(f, f.type_of(n), plus(f.b, base, offset - start))


def _is_named(value: ssa.Value) -> bool:
    return isinstance(value, ssa.Param) and value.name not in ("", "_")


def _saved(f: FunctionLowering, through: int, start: int, size: int) -> str:
    """A copy of saved registers: those of the one who made the system call. Zeros where it cannot be had."""
    reader = helper("bpf_probe_read_kernel")
    assert reader is not None
    context = f.b.value("call ptr @llvm.preserve.static.offset(ptr %a0)")
    where = f.b.value(f"load i64, ptr {plus(f.b, context, through)}, align 8")
    there = f.b.value(f"inttoptr i64 {f.b.value(f'add i64 {where}, {start}')} to ptr")
    slot = f.b.slot(f"[{size // 8} x i64]", 8)
    f.b.emit(f"call i64 inttoptr (i64 {reader.number} to ptr)(ptr {slot}, i64 {size}, ptr {there})")
    return slot


def _value(f: FunctionLowering, t: int, place: str) -> str:
    """The parameter of type ``t`` whose 64-bit word is there: as much of it as the type has."""
    if f.types.is_pointer(t):
        return f.b.value(f"load ptr, ptr {place}, align 8")
    # All of the word is read: the verifier wants that of a pointer, and on a big-endian machine the
    # part that counts is elsewhere. LLVM would make a smaller access of it there.
    how = "load volatile" if f.m.big_endian else "load"
    word = f.b.value(f"{how} i64, ptr {place}, align 8")
    if f.types.is_bool(t):
        return f.b.value(f"icmp ne i8 {f.b.value(f'trunc i64 {word} to i8')}, 0")
    ir = f.types.ir(t)
    return word if ir == "i64" else f.b.value(f"trunc i64 {word} to {ir}")
