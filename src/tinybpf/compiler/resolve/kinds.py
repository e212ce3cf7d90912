"""The type table while it grows, and which types hold functions or interfaces."""

from __future__ import annotations

from tinybpf.compiler import ssa
from tinybpf.compiler.packages import EBPF
from tinybpf.compiler.resolve.ops import CLOSURE, INTERFACE

Path = tuple[int, ...]
ANY = -1
"""Stands for the index of an element in a path."""


class Kinds:
    """The types of a document by index; ``table`` is a copy that new types are added to."""

    def __init__(self, table: list[ssa.Type]) -> None:
        self.table = list(table)
        self._carries = self._carrying()
        self._leaves: dict[int, tuple[tuple[Path, bool], ...]] = {}
        self._made: dict[object, int] = {}
        self._string: dict[str, int] = {}
        for i, t in enumerate(table):
            self._string.setdefault(t.string, i)

    def under(self, index: int) -> ssa.Type:
        t = self.table[index]
        return self.table[t.underlying] if isinstance(t, ssa.Named) else t

    def elem(self, index: int) -> int:
        t = self.under(index)
        assert isinstance(t, (ssa.Pointer, ssa.Array, ssa.Slice)), t
        return t.elem

    def string(self, index: int) -> str:
        return self.table[index].string

    def is_function(self, index: int) -> bool:
        return isinstance(self.under(index), ssa.Signature)

    def is_interface(self, index: int) -> bool:
        """An interface that is one in the kernel, too: ``ebpf.Context`` and ``ebpf.Map`` are addresses."""
        t = self.under(index)
        return isinstance(t, ssa.Foreign) and t.what == "interface" and self.carries(index)

    def is_unsafe_pointer(self, index: int) -> bool:
        t = self.under(index)
        return isinstance(t, ssa.Basic) and t.string == "unsafe.Pointer"

    def results(self, index: int) -> list[int]:
        t = self.under(index)
        return t.results if isinstance(t, ssa.Signature) else []

    # which types matter

    def carries(self, index: int) -> bool:
        """Whether a function or an interface can be reached from a value of the type."""
        return index < len(self._carries) and self._carries[index]

    def _carrying(self) -> list[bool]:
        holders: dict[int, list[int]] = {}
        work = []
        for i, t in enumerate(self.table):
            if isinstance(t, ssa.Signature) or (isinstance(t, ssa.Foreign) and t.what == "interface"):
                work.append(i)
            for part in self._parts(i, t):
                holders.setdefault(part, []).append(i)
        found = [False] * len(self.table)
        while work:
            i = work.pop()
            if not found[i]:
                found[i] = True
                work += holders.get(i, ())
        return found

    def _parts(self, index: int, t: ssa.Type) -> list[int]:
        if isinstance(t, ssa.Named):
            return [] if t.path == EBPF else [t.underlying]
        if isinstance(t, (ssa.Pointer, ssa.Array, ssa.Slice)):
            return [t.elem]
        if isinstance(t, ssa.Struct):
            return [f.type for f in t.fields]
        return list(t.types) if isinstance(t, ssa.Tuple) else []

    def leaves(self, index: int) -> tuple[tuple[Path, bool], ...]:
        """Where in a value of the type functions, interfaces and addresses that lead to some stand.

        With each path: whether a function or interface is there, rather than an address.
        """
        known = self._leaves.get(index)
        if known is None:
            known = self._leaves[index] = tuple(self._find_leaves(index)) if self.carries(index) else ()
        return known

    def _find_leaves(self, index: int) -> list[tuple[Path, bool]]:
        t = self.under(index)
        if isinstance(t, (ssa.Signature, ssa.Foreign)):
            return [((), True)]
        if isinstance(t, ssa.Struct):
            return [((n, *p), v) for n, f in enumerate(t.fields) for p, v in self.leaves(f.type)]
        if isinstance(t, ssa.Tuple):
            return [((n, *p), v) for n, part in enumerate(t.types) for p, v in self.leaves(part)]
        if isinstance(t, ssa.Array):
            return [((ANY, *p), v) for p, v in self.leaves(t.elem)]
        return [((), False)]

    def holds(self, index: int) -> bool:
        """Whether a value of the type has a function or interface in it, not behind an address."""
        return any(value for _, value in self.leaves(index))

    # new types

    def _new(self, key: object, t: ssa.Type) -> int:
        known = self._made.get(key)
        if known is None:
            known = self._made[key] = len(self.table)
            self.table.append(t)
        return known

    def basic(self, name: str, size: int) -> int:
        known = self._string.get(name)
        if known is not None and isinstance(self.table[known], ssa.Basic):
            return known
        return self._new(("basic", name), ssa.Basic(name, size, max(1, size)))

    @property
    def uint64(self) -> int:
        return self.basic("uint64", 8)

    @property
    def bool(self) -> int:
        return self.basic("bool", 1)

    @property
    def address(self) -> int:
        return self.basic("unsafe.Pointer", 8)

    def pointer(self, elem: int) -> int:
        name = "*" + self.string(elem)
        known = self._string.get(name)
        if known is not None:
            t = self.table[known]
            if isinstance(t, ssa.Pointer) and t.elem == elem:
                return known
        return self._new(("pointer", elem), ssa.Pointer(name, 8, 8, elem=elem))

    def closure(self, captured: tuple[int, ...]) -> int:
        """The struct of a function value: its number, then what it captures."""
        fields, at, align = [ssa.Field("function", self.uint64, 0)], 8, 8
        for n, t in enumerate(captured):
            step = max(1, self.table[t].align)
            at = -(-at // step) * step
            fields.append(ssa.Field(f"captured{n}", t, at))
            at += self.table[t].size
        size = -(-at // align) * align
        return self._new(("closure", captured), ssa.Struct(CLOSURE, size, align, fields=fields))

    def several(self, types: tuple[int, ...]) -> int:
        """The type of several results, or of none."""
        return self._new(("tuple", types), ssa.Tuple("tuple", 0, 1, types=list(types)))

    def signature(self, params: tuple[int, ...], results: tuple[int, ...]) -> int:
        made = ssa.Signature("func", 8, 8, params=list(params), results=list(results))
        return self._new(("signature", params, results), made)

    def with_interfaces_as_structs(self) -> list[ssa.Type]:
        """The table as lowering is to see it."""
        words = [ssa.Field("type", self.uint64, 0, tag=INTERFACE), ssa.Field("data", self.address, 8)]
        return [
            ssa.Struct(t.string, 16, 8, fields=words)
            if isinstance(t, ssa.Foreign) and t.what == "interface"
            else t
            for t in self.table
        ]
