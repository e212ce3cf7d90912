"""What the types of a document are to LLVM: widths, register forms, layout.

A value's *register form*: integers and bool are ``iN``, pointers ``ptr``; arrays and structs
live in memory and are named by address; slices and strings are four values; tuples are lists.
"""

from __future__ import annotations

from functools import cached_property

import msgspec

from tinybpf.compiler import ssa, typed
from tinybpf.compiler.lower.refuse import CHANNEL, FLOAT, GO_MAP, INTERFACE
from tinybpf.compiler.resolve import ops

INT_BITS = {
    "int": 64, "int8": 8, "int16": 16, "int32": 32, "int64": 64,
    "uint": 64, "uint8": 8, "uint16": 16, "uint32": 32, "uint64": 64, "uintptr": 64,
    "untyped int": 64, "untyped rune": 32, "byte": 8, "rune": 32,
}  # fmt: skip

# A shift count that go/ssa leaves untyped can't be negative: Go gives it the type uint.
UNSIGNED = {"uint", "uint8", "uint16", "uint32", "uint64", "uintptr", "untyped int", "byte"}


_POINTERS = frozenset({"unsafe.Pointer", "untyped nil"})
_ADDRESSES = _POINTERS | {"uintptr", "string", "untyped string"}


class Region(msgspec.Struct, frozen=True):
    """A run of bytes that ``==`` compares: offset and size in a value of some type."""

    offset: int
    size: int


class Types:
    """The document's type table, asked by index."""

    def __init__(self, table: list[ssa.Type]) -> None:
        self.table = _with_pointers(table)
        self._under = [self.table[t.underlying] if isinstance(t, ssa.Named) else t for t in self.table]
        self._problems: dict[int, str | None] = {}
        self._with_strings: dict[int, bool] = {}

    def __getitem__(self, index: int) -> ssa.Type:
        return self.table[index]

    def under(self, index: int) -> ssa.Type:
        return self._under[index]

    def string(self, index: int) -> str:
        return self.table[index].string

    def size(self, index: int) -> int:
        return self.table[index].size

    def align(self, index: int) -> int:
        return max(1, self.table[index].align)

    def bits(self, index: int) -> int | None:
        """The width of an integer type, None of any other."""
        t = self.under(index)
        return INT_BITS.get(t.string) if isinstance(t, ssa.Basic) else None

    def is_int(self, index: int) -> bool:
        return self.bits(index) is not None

    def is_signed(self, index: int) -> bool:
        t = self.under(index)
        return isinstance(t, ssa.Basic) and t.string in INT_BITS and t.string not in UNSIGNED

    def is_bool(self, index: int) -> bool:
        t = self.under(index)
        return isinstance(t, ssa.Basic) and t.string in ("bool", "untyped bool")

    def is_uintptr(self, index: int) -> bool:
        t = self.under(index)
        return isinstance(t, ssa.Basic) and t.string == "uintptr"

    def is_unsafe_pointer(self, index: int) -> bool:
        t = self.under(index)
        return isinstance(t, ssa.Basic) and t.string == "unsafe.Pointer"

    def is_pointer(self, index: int) -> bool:
        """Whether it is one address; a function value is, too: see ``resolve``."""
        return isinstance(self.under(index), (ssa.Pointer, ssa.Signature)) or self.is_unsafe_pointer(index)

    def is_aggregate(self, index: int) -> bool:
        return isinstance(self.under(index), (ssa.Array, ssa.Struct))

    def is_struct(self, index: int) -> bool:
        return isinstance(self.under(index), ssa.Struct)

    def is_slice(self, index: int) -> bool:
        return isinstance(self.under(index), ssa.Slice)

    def is_string(self, index: int) -> bool:
        t = self.under(index)
        return isinstance(t, ssa.Basic) and t.string in ("string", "untyped string")

    def is_wide(self, index: int) -> bool:
        """Whether a value of the type is four: base, offset, length, end."""
        return self.is_slice(index) or self.is_string(index)

    def strings_in(self, index: int) -> list[int]:
        """The offsets of the strings in a value of a type; those of blank fields are none of them."""
        t = self.under(index)
        if self.is_string(index):
            return [0]
        if isinstance(t, ssa.Struct):
            return [f.offset + at for f in t.fields if f.name != "_" for at in self.strings_in(f.type)]
        if isinstance(t, ssa.Array):
            size, inner = self.size(t.elem), self.strings_in(t.elem)
            return [i * size + at for i in range(t.len) for at in inner] if inner else []
        return []

    def strings_only(self, index: int) -> bool:
        """Whether a type is a string, or an array or struct of nothing but strings."""
        t = self.under(index)
        if isinstance(t, ssa.Struct):
            return bool(t.fields) and all(self.strings_only(f.type) for f in t.fields)
        return self.strings_only(t.elem) if isinstance(t, ssa.Array) else self.is_string(index)

    def holds_string(self, index: int) -> bool:
        known = self._with_strings.get(index)
        if known is None:
            t = self.under(index)
            if isinstance(t, ssa.Struct):
                known = any(self.holds_string(f.type) for f in t.fields)
            else:
                known = self.holds_string(t.elem) if isinstance(t, ssa.Array) else self.is_string(index)
            self._with_strings[index] = known
        return known

    def holds_function(self, index: int) -> bool:
        """Whether a function or an interface is a part of the type, or the type: numbers that mean nothing
        outside of the program."""
        t = self.under(index)
        if isinstance(t, ssa.Array):
            return self.holds_function(t.elem)
        if isinstance(t, ssa.Struct):
            return any(f.tag == ops.INTERFACE or self.holds_function(f.type) for f in t.fields)
        return isinstance(t, ssa.Signature)

    def elem(self, index: int) -> int:
        """The element type of a pointer, array or slice type."""
        t = self.under(index)
        assert isinstance(t, (ssa.Pointer, ssa.Array, ssa.Slice)), t
        return t.elem

    def array(self, index: int) -> ssa.Array:
        t = self.under(index)
        assert isinstance(t, ssa.Array), t
        return t

    def struct(self, index: int) -> ssa.Struct:
        t = self.under(index)
        assert isinstance(t, ssa.Struct), t
        return t

    def ir(self, index: int) -> str:
        """The LLVM type of a scalar in a register."""
        bits = self.bits(index)
        if bits is not None:
            return f"i{bits}"
        return "i1" if self.is_bool(index) else "ptr"

    def memory_ir(self, index: int) -> str:
        """The LLVM type of a scalar in memory: a bool is a byte there."""
        return "i8" if self.is_bool(index) else self.ir(index)

    def problem(self, index: int) -> str | None:
        """Why values of this type can't exist in a BPF program, None where they can."""
        known = self._problems.get(index, "")
        if known == "":
            known = self._problems[index] = self._problem(index, frozenset())
        return known

    def _problem(self, index: int, seen: frozenset[int]) -> str | None:
        if index in seen:
            return None
        seen |= {index}
        t = self.under(index)
        if isinstance(t, ssa.Basic):
            return basic_problem(t)
        if isinstance(t, ssa.Foreign):
            return FOREIGN_PROBLEM.get(t.what, f"type {t.string} has no form in a BPF program")
        if isinstance(t, (ssa.Array, ssa.Slice)):
            return self._problem(t.elem, seen)
        if isinstance(t, ssa.Struct):
            problems = (self._problem(f.type, seen) for f in t.fields)
            return next((p for p in problems if p), None)
        return None

    def regions(self, index: int) -> list[Region]:
        """The bytes that decide whether two values of a type are equal; padding is none of them."""
        found: list[Region] = []
        self._collect(index, 0, found)
        merged: list[Region] = []
        for r in sorted(found, key=lambda r: r.offset):
            if merged and merged[-1].offset + merged[-1].size == r.offset:
                merged[-1] = Region(merged[-1].offset, merged[-1].size + r.size)
            else:
                merged.append(r)
        return merged

    def _collect(self, index: int, offset: int, found: list[Region]) -> None:
        t = self.under(index)
        if isinstance(t, ssa.Struct):
            for f in t.fields:
                if f.name != "_":
                    self._collect(f.type, offset + f.offset, found)
        elif isinstance(t, ssa.Array):
            size = self.size(t.elem)
            inner: list[Region] = []
            self._collect(t.elem, 0, inner)
            if inner == [Region(0, size)]:
                found.append(Region(offset, size * t.len))
                return
            for i in range(t.len):
                found.extend(Region(offset + i * size + r.offset, r.size) for r in inner)
        elif t.size and not self.is_string(index):
            found.append(Region(offset, t.size))

    @cached_property
    def pointerful(self) -> list[bool]:
        """By type index: whether a value of the type can hold an address."""
        done: dict[int, bool] = {}
        return [self._holds(_ADDRESSES, i, done) for i in range(len(self.table))]

    @cached_property
    def made_of_addresses(self) -> list[bool]:
        """As ``pointerful``, where a ``uintptr`` is but a number, which it is without ``unsafe.Pointer``,
        and a string none: it can do without."""
        done: dict[int, bool] = {}
        return [self._holds(_POINTERS, i, done) for i in range(len(self.table))]

    def _holds(self, basic: frozenset[str], index: int, done: dict[int, bool]) -> bool:
        if index in done:
            return done[index]
        t = self.under(index)
        if isinstance(t, ssa.Basic):
            result = t.string in basic
        elif isinstance(t, ssa.Array):
            result = self._holds(basic, t.elem, done)
        elif isinstance(t, ssa.Struct):
            result = any(self._holds(basic, f.type, done) for f in t.fields)
        elif isinstance(t, ssa.Tuple):
            result = any(self._holds(basic, i, done) for i in t.types)
        else:
            result = True
        done[index] = result
        return result


def _with_pointers(table: list[ssa.Type]) -> list[ssa.Type]:
    """The table with the interfaces that hold nothing but a pointer as pointers."""
    chosen = [i for i in range(len(table)) if typed.named(table, i) in typed.POINTERS]
    if not chosen:
        return table
    made = [*table, ssa.Basic("unsafe.Pointer", 8, 8)]
    for i in chosen:
        made[i] = msgspec.structs.replace(table[i], underlying=len(table), size=8, align=8)
    return made


FOREIGN_PROBLEM = {"map": GO_MAP, "chan": CHANNEL, "interface": INTERFACE}


def basic_problem(t: ssa.Basic) -> str | None:
    if t.string.startswith(("float", "complex", "untyped float", "untyped complex")):
        return f"{t.string} cannot be used: {FLOAT}"
    return None
