"""Maps of section ``.struct_ops``: implementations of the kernel's tables of functions."""

from __future__ import annotations

import struct
from typing import Any, NamedTuple, NoReturn

from tinybpf.errors import BpfError
from tinybpf.libbpf.codec import Codec, codec_for_python
from tinybpf.libbpf.map import BpfMap

_HEAD = struct.Struct("=iI")
_STATES = ("INIT", "INUSE", "TOBEFREE", "READY")


class StructOpsValue(NamedTuple):
    """What the kernel made of it: the state by its name there, how many use it, all bytes."""

    state: str
    references: int
    raw: bytes


class StructOps(BpfMap[Any, Any]):
    """One entry, number 0, to look at: attaching it is what registers it. Kernel 5.6 or later."""

    def _default_key(self) -> Codec:
        return codec_for_python(int, self._core.key_size)

    def _default_value(self) -> Codec:
        return Codec("struct_ops", self._core.value_size, StructOpsValue, _no_write, _read)

    def _not_by_hand(self, *arguments: object) -> NoReturn:
        self._core.require()
        raise BpfError(f"map '{self.name}' is type STRUCT_OPS: closing its link unregisters it")

    clear = delete = drain = pop = popitem = delete_many = __delitem__ = _not_by_hand  # type: ignore[assignment]


def _read(raw: bytes) -> StructOpsValue:
    references, state = _HEAD.unpack_from(raw)
    return StructOpsValue(_STATES[state] if state < len(_STATES) else str(state), references, bytes(raw))


def _no_write(value: Any) -> bytes:
    raise TypeError("a struct_ops map is registered by attaching it, not by writing it")
