"""The initial values of package variables for machines of the other byte order.

They are computed here, where the least byte comes first. A program for a big-endian machine gets each
number's bytes the other way round; what is in network order already stays.
"""

from __future__ import annotations

from tinybpf.compiler import ssa
from tinybpf.compiler.lower.refuse import Refused
from tinybpf.compiler.lower.types import Types
from tinybpf.compiler.packages import EBPF

_NETWORK = ("BE16", "BE32", "BE64", "IPv4Addr", "IPv6Addr")
_UNIONS = ("FIBLookup", "RedirNeigh", "TunnelKey", "XfrmState")
"""Structs of the kernel's that keep different things in the same place."""

_SLICE_PARTS = (8, 12, 16)
"""Where a slice has its numbers; its pointer is 0 in the initial value of a variable."""

_STRING_WORDS = (0, 8)


def big_endian(types: Types, variable: ssa.Global, data: bytes) -> bytes:
    """The bytes of a variable as a big-endian machine has them; ``Refused`` where that is not known."""
    out = bytearray(data)
    if any(out):
        _Turn(types, variable, out).value(variable.type, 0)
    return bytes(out)


class _Turn:
    def __init__(self, types: Types, variable: ssa.Global, out: bytearray) -> None:
        self.types = types
        self.variable = variable
        self.out = out

    def value(self, index: int, at: int) -> None:
        """Turn the numbers of a value of this type."""
        t = self.types[index]
        if isinstance(t, ssa.Named):
            if t.path == EBPF and t.name in _NETWORK:
                return
            if t.path == EBPF and t.name in _UNIONS and any(self.out[at : at + t.size]):
                raise Refused(
                    self.variable.pos,
                    f"variable {self.variable.name}: how an initial value of ebpf.{t.name} is laid out on a "
                    "big-endian machine is not known",
                    "set its fields in the program",
                )
            t = self.types[t.underlying]
        if isinstance(t, ssa.Struct):
            for field in t.fields:
                self.value(field.type, at + field.offset)
        elif isinstance(t, ssa.Array):
            self._array(t, at)
        elif isinstance(t, ssa.Slice):
            for part in _SLICE_PARTS:
                self._number(at + part, 4)
        elif self.types.is_string(index):
            for part in _STRING_WORDS:
                self._number(at + part, 8)
        else:
            self._number(at, t.size)

    def _array(self, t: ssa.Array, at: int) -> None:
        size = self.types.size(t.elem)
        if size > 1:
            for n in range(t.len):
                self.value(t.elem, at + n * size)

    def _number(self, at: int, size: int) -> None:
        self.out[at : at + size] = self.out[at : at + size][::-1]
