"""Writing BTF by hand, for tests of what reads it."""

from __future__ import annotations

import struct

import pytest

from tinybpf.libbpf.btf import Btf, BtfKind


class BtfMaker:
    """Writes a ``.BTF`` section type by type; each method gives the new type's id."""

    def __init__(self, order: str = "<") -> None:
        self.order = order
        self.types = bytearray()
        self.strings = bytearray(b"\0")
        self.count = 0

    def string(self, text: str) -> int:
        if not text:
            return 0
        at = len(self.strings)
        self.strings += text.encode() + b"\0"
        return at

    def words(self, *words: int) -> None:
        self.types += struct.pack(f"{self.order}{len(words)}I", *(word & 0xFFFFFFFF for word in words))

    def type(self, kind: int, name: str, third: int, *rest: int, vlen: int = 0, flag: bool = False) -> int:
        self.words(self.string(name), kind << 24 | vlen | flag << 31, third, *rest)
        self.count += 1
        return self.count

    def integer(self, name: str, size: int, encoding: int = 0, bits: int | None = None) -> int:
        return self.type(BtfKind.INT, name, size, encoding << 24 | (8 * size if bits is None else bits))

    def pointer(self, to: int) -> int:
        return self.type(BtfKind.PTR, "", to)

    def array(self, element: int, length: int) -> int:
        return self.type(BtfKind.ARRAY, "", 0, element, element, length)

    def typedef(self, name: str, to: int) -> int:
        return self.type(BtfKind.TYPEDEF, name, to)

    def composite(
        self, kind: int, name: str, size: int, *members: tuple[str, int, int] | tuple[str, int, int, int]
    ) -> int:
        """Members are (name, type, offset in bits[, bits of a bit field])."""
        flag = any(len(member) == 4 for member in members)
        words = []
        for member in members:
            bits = member[3] << 24 if len(member) == 4 else 0
            words += [self.string(member[0]), member[1], member[2] | bits]
        return self.type(kind, name, size, *words, vlen=len(members), flag=flag)

    def struct(self, name: str, size: int, *members: tuple[str, int, int] | tuple[str, int, int, int]) -> int:
        return self.composite(BtfKind.STRUCT, name, size, *members)

    def union(self, name: str, size: int, *members: tuple[str, int, int] | tuple[str, int, int, int]) -> int:
        return self.composite(BtfKind.UNION, name, size, *members)

    def enum(self, name: str, size: int, signed: bool, /, **values: int) -> int:
        words = [word for text, value in values.items() for word in (self.string(text), value)]
        return self.type(BtfKind.ENUM, name, size, *words, vlen=len(values), flag=signed)

    def data(self) -> bytes:
        head = (24, 0, len(self.types), len(self.types), len(self.strings))
        header = struct.pack(self.order + "HBB5I", 0xEB9F, 1, 0, *head)
        return header + bytes(self.types) + bytes(self.strings)

    def btf(self) -> Btf:
        return Btf(self.data())


@pytest.fixture
def btf_maker() -> type[BtfMaker]:
    return BtfMaker
