"""The type table of a document, checked: indices, cycles, sizes; and the form of each type."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum

from tinybpf.compiler import ssa


class Kind(Enum):
    """What a value of a type is to the lowering; the words are for messages."""

    INT = "integer"
    BOOL = "bool"
    FLOAT = "float"
    STRING = "string"
    POINTER = "pointer"
    ARRAY = "array"
    SLICE = "slice"
    STRUCT = "struct"
    TUPLE = "tuple"
    FUNCTION = "function"
    FOREIGN = "foreign"


_BASIC = {
    "bool": Kind.BOOL, "untyped bool": Kind.BOOL, "string": Kind.STRING, "untyped string": Kind.STRING,
    "unsafe.Pointer": Kind.POINTER, "untyped nil": Kind.FOREIGN, "invalid type": Kind.FOREIGN,
}  # fmt: skip
_OTHER = {
    ssa.Pointer: Kind.POINTER, ssa.Array: Kind.ARRAY, ssa.Slice: Kind.SLICE, ssa.Struct: Kind.STRUCT,
    ssa.Tuple: Kind.TUPLE, ssa.Signature: Kind.FUNCTION, ssa.Foreign: Kind.FOREIGN,
}  # fmt: skip


class Broken(Exception):
    """A promise of the front end's that does not hold; the words name the object."""


NO_TYPE = -1


class TypeTable:
    """``under`` and ``kinds`` of each type by index; ``Broken`` where the table contradicts itself."""

    def __init__(self, table: Sequence[ssa.Type]) -> None:
        self.table = table
        count = len(table)
        for n, t in enumerate(table):
            for part in _parts(t):
                if not 0 <= part < count:
                    raise Broken(f"type {n}, {t.string}: there is no type {part}")
        self.under: list[ssa.Type] = [table[t.underlying] if type(t) is ssa.Named else t for t in table]
        self.kinds = [_kind(t) for t in self.under]
        self.targets = [t.elem if type(t) is ssa.Pointer else NO_TYPE for t in self.under]
        """What each pointer type leads to."""
        self._done: set[int] = set()
        self._inside: set[int] = set()
        for n, t in enumerate(table):
            if t.size < 0:
                raise Broken(f"type {n}, {t.string}, cannot have {t.size} bytes")
            if type(t) in _WITH_PARTS:
                self._check_layout(n, t)

    def element(self, t: int) -> int:
        found = self.under[t]
        if not isinstance(found, (ssa.Array, ssa.Slice)):
            raise Broken(f"{self.table[t].string} has no elements")
        return found.elem

    def field(self, t: int, number: int) -> int:
        found = self.under[t]
        if not isinstance(found, ssa.Struct) or not 0 <= number < len(found.fields):
            raise Broken(f"{self.table[t].string} has no field {number}")
        return found.fields[number].type

    def alike(self, a: int, b: int) -> bool:
        """Whether values of two types have one form and one size."""
        kind = self.kinds[a]
        if Kind.FOREIGN in (kind, self.kinds[b]):
            return True
        if kind is not self.kinds[b]:
            return False
        x, y = self.table[a], self.table[b]
        return x.size == y.size or "untyped" in x.string or "untyped" in y.string

    def _check_layout(self, n: int, t: ssa.Type) -> None:
        """Sizes add up, and no type has itself as a part."""
        if n in self._done:
            return
        if n in self._inside:
            raise Broken(f"type {n}, {t.string}, is a part of itself")
        self._inside.add(n)
        for part in _parts(t) if type(t) is not ssa.Named else (t.underlying,):
            held = self.table[part]
            if type(held) in _WITH_PARTS:
                self._check_layout(part, held)
        self._check_size(n)
        self._inside.discard(n)
        self._done.add(n)

    def _check_size(self, n: int) -> None:
        t = self.table[n]
        if isinstance(t, ssa.Named):
            under = self.table[t.underlying]
            if isinstance(under, ssa.Named):
                raise Broken(f"type {n}, {t.string}: what it is made of is itself a named type")
            right = under.size == t.size
        elif isinstance(t, ssa.Array):
            right = t.len >= 0 and t.size == t.len * self.table[t.elem].size
        elif isinstance(t, ssa.Struct):
            end = 0
            for field in t.fields:
                if field.offset < end:
                    raise Broken(f"type {n}, {t.string}: field {field.name} lies over another one")
                end = field.offset + self.table[field.type].size
            right = end <= t.size
        else:
            right = True
        if not right:
            raise Broken(f"type {n}, {t.string}, cannot have {t.size} bytes")


def _kind(t: ssa.Type) -> Kind:
    if not isinstance(t, ssa.Basic):
        return _OTHER[type(t)]
    if t.string in _BASIC:
        return _BASIC[t.string]
    return Kind.FLOAT if "float" in t.string or "complex" in t.string else Kind.INT


_WITH_PARTS = frozenset((ssa.Named, ssa.Array, ssa.Struct))
"""Types of which a value consists of values of other types."""


def _parts(t: ssa.Type) -> Sequence[int]:
    """The types that a type is made of."""
    kind = type(t)
    if kind is ssa.Basic or kind is ssa.Foreign:
        return ()
    if isinstance(t, (ssa.Pointer, ssa.Array, ssa.Slice)):
        return (t.elem,)
    if isinstance(t, ssa.Signature):
        return [*t.params, *t.results]
    if isinstance(t, ssa.Struct):
        return [f.type for f in t.fields]
    if isinstance(t, ssa.Named):
        return (t.underlying, *t.args)
    assert isinstance(t, ssa.Tuple)
    return t.types
