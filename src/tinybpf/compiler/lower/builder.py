"""Writing LLVM IR as text, one function at a time."""

from __future__ import annotations

from collections.abc import Callable

import msgspec


class Memory(msgspec.Struct, frozen=True):
    """An array or struct value: the address of memory that nobody writes while it is used."""

    ptr: str


class Address(msgspec.Struct, frozen=True):
    """A pointer made of another one and a constant offset, not computed until it is used.

    ``base`` is what verifier and LLVM must see as the origin of the access.
    """

    base: str
    offset: int


class PointerInt(msgspec.Struct, frozen=True):
    """A ``uintptr`` that is a pointer and an offset (an ``i64`` operand) from it."""

    ptr: str
    offset: str


class SliceValue(msgspec.Struct, frozen=True):
    """A slice: elements ``off`` to ``off+len`` from ``base``; ``end`` is ``off`` + capacity."""

    base: str
    off: str
    len: str
    end: str


class TupleValue(msgspec.Struct, frozen=True):
    parts: tuple[Operand, ...]


Operand = str | Memory | Address | PointerInt | SliceValue | TupleValue


class Builder(msgspec.Struct):
    """The text of one function's body. ``dbg`` is appended to each instruction."""

    aligned: dict[str, int] = {}
    lines: list[str] = []
    entry: list[str] = []
    label: str = "entry"
    dbg: str = ""
    _temps: int = 0
    _labels: int = 0

    def emit(self, text: str) -> None:
        self.lines.append(f"  {text}{self.dbg}")

    def value(self, text: str) -> str:
        """Emit an instruction that makes a value; its name."""
        name = f"%t{self._temps}"
        self._temps += 1
        self.lines.append(f"  {name} = {text}{self.dbg}")
        return name

    def reserve(self) -> int:
        """A line to be written later (a phi, whose predecessors aren't known yet)."""
        self.lines.append("")
        return len(self.lines) - 1

    def slot(self, ir_type: str, align: int) -> str:
        """A stack slot, allocated in the entry block."""
        name = f"%s{self._temps}"
        self._temps += 1
        self.entry.append(f"  {name} = alloca {ir_type}, align {align}")
        self.aligned[name] = align
        return name

    def alignment(self, base: str, offset: str) -> int:
        """What is known of the alignment of the byte at an offset from ``base``."""
        known = self.aligned.get(base, 1)
        if not offset.isdigit():
            return 1
        return known if offset == "0" else min(known, int(offset) & -int(offset))

    def at_entry(self, write: Callable[[], None]) -> None:
        """What ``write`` emits goes to the entry block."""
        lines, self.lines = self.lines, self.entry
        try:
            write()
        finally:
            self.lines = lines

    def new_label(self, hint: str) -> str:
        self._labels += 1
        return f"{hint}.{self._labels}"

    def start(self, label: str) -> None:
        self.lines.append(f"{label}:")
        self.label = label

    def branch(self, cond: str, then: str, other: str) -> None:
        self.emit(f"br i1 {cond}, label %{then}, label %{other}")

    def jump(self, label: str) -> None:
        self.emit(f"br label %{label}")


def plus(b: Builder, ptr: str, offset: int | str) -> str:
    """The address ``offset`` bytes from ``ptr``."""
    if offset in (0, "0"):
        return ptr
    return b.value(f"getelementptr inbounds i8, ptr {ptr}, i64 {offset}")


# LLVM expands a copy or fill of constant size to at most this many stores; beyond, it calls a
# C library that BPF does not have.
MAX_STORES = 64


def _chunks(size: int, align: int) -> list[tuple[int, int]]:
    step = MAX_STORES * min(align, 8)
    return [(at, min(step, size - at)) for at in range(0, size, step)]


def copy(b: Builder, dst: str, src: str, size: int, align: int) -> None:
    for at, n in _chunks(size, align):
        d, s = plus(b, dst, at), plus(b, src, at)
        b.emit(
            f"call void @llvm.memcpy.p0.p0.i64(ptr align {align} {d}, ptr align {align} {s}, i64 {n}, i1 "
            "false)"
        )


def zero(b: Builder, dst: str, size: int, align: int) -> None:
    for at, n in _chunks(size, align):
        b.emit(
            f"call void @llvm.memset.p0.i64(ptr align {align} {plus(b, dst, at)}, i8 0, i64 {n}, i1 false)"
        )


MAX_WORDS = 16


def zero_words(b: Builder, dst: str, size: int) -> None:
    """Word by word: for memory that stays memory this comes out shorter than a fill, which LLVM
    cuts where other stores overlap it and then does in halves of words."""
    at = 0
    while at < size:
        step = next(n for n in (8, 4, 2, 1) if n <= size - at)
        b.emit(f"store i{step * 8} 0, ptr {plus(b, dst, at)}, align {step}")
        at += step


def hide(b: Builder, value: str, ir: str = "i64") -> str:
    """The same value, but LLVM no longer knows what it knew about it."""
    return b.value(f'call {ir} asm "", "=r,0"({ir} {value}) memory(none)')


MAX_UNROLLED = 512


def zero_memory(b: Builder, dst: str, size: int, align: int) -> None:
    """Zeros in memory that is not the program's own, of any size."""
    if size <= MAX_UNROLLED:
        zero(b, dst, size, align)
        return
    words, rest = size // 8, size % 8
    before, turn, done = b.label, b.new_label("zeroing"), b.new_label("zeroed")
    b.jump(turn)
    b.start(turn)
    count = b.reserve()
    name = f"%zeroed.{turn}"
    at = b.value(f"getelementptr inbounds [8 x i8], ptr {dst}, i64 {name}")
    b.emit(f"store i64 0, ptr {at}, align {min(align, 8)}")
    after = b.value(f"add nuw i64 {name}, 1")
    b.lines[count] = f"  {name} = phi i64 [ 0, %{before} ], [ {after}, %{turn} ]{b.dbg}"
    b.branch(b.value(f"icmp ult i64 {after}, {words}"), turn, done)
    b.start(done)
    if rest:
        zero(b, plus(b, dst, words * 8), rest, min(align, 8))
