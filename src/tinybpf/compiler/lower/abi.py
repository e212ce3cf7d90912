"""How Go's parameters and results travel in BPF's five argument registers and one result.

* Integers and bools travel as ``i64``, pointers as ``ptr``; arrays, structs, slices and strings
  (in the form of slices) by the address of a copy that nobody writes. What comes after the fourth
  register goes through memory where five are not enough: the fifth is then the address of the rest.
* One result of a function that can't panic is returned as it is, below 32 bits as ``i64``.
* A function that can panic tells its caller: one result of at most 32 bits comes packed, with
  bit 32 as the sign of a panic; otherwise the value returned is the status (1: panic) and the
  results go to memory of the caller.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from tinybpf.compiler.lower.types import Types

REGISTERS = 5
PASSED_WIDE = 32
"""Bytes of a slice or string on its way: 8 for each of its four parts."""
PANICKED = 1 << 32


class Arguments(msgspec.Struct, frozen=True):
    """Where a program's parameters are: offsets from the context, None for the context itself.

    With ``through``, the context has at that offset the address in the kernel that the offsets
    count from. ``notes`` describe the parameters for loaders.
    """

    offsets: tuple[int | None, ...]
    through: int | None = None
    notes: tuple[str, ...] = ()


class Entry(msgspec.Struct, frozen=True):
    """A program: the function that the kernel calls. ``ir`` is its result type. Without ``arguments``
    its one parameter, if it has one, is the context."""

    symbol: str
    section: str
    ir: str
    on_panic: int
    arguments: Arguments | None = None


class Signature(msgspec.Struct, frozen=True):
    params: tuple[int, ...]
    results: tuple[int, ...]


class Returns(msgspec.Struct, frozen=True):
    """``kind`` is void, value, status or packed; with ``pointer``, results go to the caller's memory."""

    kind: str
    ir: str
    pointer: bool = False
    offsets: tuple[int, ...] = ()
    size: int = 0


def returns(types: Types, results: Sequence[int], panics: bool) -> Returns:
    if not results:
        return Returns("status", "i64") if panics else Returns("void", "void")
    first = results[0]
    single = len(results) == 1 and not types.is_aggregate(first) and not types.is_wide(first)
    if single and not panics:
        return Returns("value", types.ir(first) if types.ir(first) in ("ptr", "i32") else "i64")
    if single and not types.is_pointer(first) and types.size(first) <= 4:
        return Returns("packed", "i64")
    offsets, size = layout(types, results)
    return Returns("status" if panics else "void", "i64" if panics else "void", True, offsets, size)


def layout(types: Types, items: Sequence[int]) -> tuple[tuple[int, ...], int]:
    """Offsets of values of these types one after the other in 8-byte steps, and the whole size."""
    offsets, at = [], 0
    for t in items:
        offsets.append(at)
        at += PASSED_WIDE if types.is_wide(t) else (types.size(t) + 7) // 8 * 8
    return tuple(offsets), at


class Slots(msgspec.Struct, frozen=True):
    """Names and types of what travels; the first ``direct`` in registers, the rest in memory."""

    names: tuple[tuple[str, str], ...]
    direct: int

    @property
    def rest(self) -> tuple[tuple[str, str], ...]:
        return self.names[self.direct :]


def slots(types: Types, params: Sequence[int], convention: Returns) -> Slots:
    names = [("ptr", "%results")] if convention.pointer else []
    names += [(slot_type(types, t), f"%p{n}") for n, t in enumerate(params)]
    direct = len(names) if len(names) <= REGISTERS else REGISTERS - 1
    return Slots(tuple(names), direct)


def slot_type(types: Types, t: int) -> str:
    return "ptr" if types.is_pointer(t) or types.is_aggregate(t) or types.is_wide(t) else "i64"


def declaration(s: Slots) -> str:
    """The parameter list of the LLVM function."""
    params = [f"{ir} noundef {name}" for ir, name in s.names[: s.direct]]
    if s.rest:
        params.append("ptr noundef %rest")
    return ", ".join(params)


def unpacking(s: Slots) -> list[str]:
    """The instructions that read from memory what didn't fit the registers."""
    lines = []
    for n, (ir, name) in enumerate(s.rest):
        lines.append(f"  %rest.{n} = getelementptr inbounds i8, ptr %rest, i64 {n * 8}")
        lines.append(f"  {name} = load {ir}, ptr %rest.{n}, align 8")
    return lines
