"""The Go types of generated programs."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Type:
    """A type by its spelling. ``kind``: int, bool, array, struct, slice, pointer, string, func.

    ``bits`` and ``signed`` are an integer's; ``low`` and ``high`` what its constants may be.
    """

    go: str
    kind: str
    bits: int = 0
    signed: bool = False
    elem: Type | None = None
    len: int = 0
    fields: tuple[tuple[str, Type], ...] = ()
    low: int = 0
    high: int = 0

    def __str__(self) -> str:
        return self.go

    @property
    def element(self) -> Type:
        assert self.elem is not None
        return self.elem

    @property
    def size(self) -> int:
        """About how many bytes a variable takes."""
        if self.kind == "array":
            return self.len * self.element.size
        if self.kind == "struct":
            return sum(max(t.size, 4) for _, t in self.fields)
        return {"int": self.bits // 8, "bool": 1, "pointer": 8}.get(self.kind, 24)

    @property
    def comparable(self) -> bool:
        if self.kind == "array":
            return self.element.comparable
        if self.kind == "struct":
            return all(t.comparable for _, t in self.fields)
        return self.kind in ("int", "bool", "string")

    @property
    def plain(self) -> bool:
        """Whether values hold no addresses."""
        if self.kind == "array":
            return self.element.plain
        if self.kind == "struct":
            return all(t.plain for _, t in self.fields)
        return self.kind in ("int", "bool")

    def has(self, wanted: Type) -> bool:
        """Whether a value of the type is, or has in it, one of type ``wanted``."""
        if self == wanted:
            return True
        if self.kind in ("array", "slice", "pointer"):
            return self.element.has(wanted)
        return any(t.has(wanted) for _, t in self.fields)


def integer(go: str, bits: int, signed: bool) -> Type:
    low, high = (-(1 << bits - 1), (1 << bits - 1) - 1) if signed else (0, (1 << bits) - 1)
    return Type(go, "int", bits, signed, low=low, high=high)


def array(elem: Type, n: int) -> Type:
    return Type(f"[{n}]{elem.go}", "array", elem=elem, len=n)


def slice_of(elem: Type, n: int) -> Type:
    """A slice of which ``n`` elements are there, most of the time."""
    return Type(f"[]{elem.go}", "slice", elem=elem, len=n)


def pointer(elem: Type) -> Type:
    return Type(f"*{elem.go}", "pointer", elem=elem)


BOOL = Type("bool", "bool")
STRING = Type("string", "string")
INT = integer("int", 64, True)
INTS = (
    *(integer(f"int{bits}", bits, True) for bits in (8, 16, 32, 64)),
    *(integer(f"uint{bits}", bits, False) for bits in (8, 16, 32, 64)),
    *(INT, integer("uint", 64, False), integer("uintptr", 64, False)),
)
BY_NAME = {t.go: t for t in INTS} | {"bool": BOOL}
INT32, UINT8, UINT32, UINT64 = (BY_NAME[n] for n in ("int32", "uint8", "uint32", "uint64"))
