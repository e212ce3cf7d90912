"""Maps whose values are things that the kernel knows by descriptors: programs, events, cgroups.

What is assigned is the object, its descriptor (as bytes, too), or what has a ``fileno()``; what is read
is the kernel's number of it, where the kernel tells it.
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterator
from typing import Any, ClassVar

from tinybpf.libbpf._check import ENOTSUPP
from tinybpf.libbpf._mapcore import MapCore, OperationHints
from tinybpf.libbpf._objects import MapEntries
from tinybpf.libbpf.codec import Codec, bytes_codec
from tinybpf.libbpf.enums import BPF_ANY
from tinybpf.libbpf.map import BpfMap

_LOOKUP_BATCH = 24
MANY: Any = object()
"""In place of a value: what stands for the key are keys with their values."""


class References(BpfMap[Any, Any]):
    """The base. Keys are those that have a value; ``thing`` names what a value is."""

    _slow = True  # the kernel waits until no program uses the old value any more
    thing: ClassVar[str] = "descriptor"
    hints: ClassVar[OperationHints] = {}

    def __init__(self, core: MapCore, key: Codec | None = None, value: Codec | None = None) -> None:
        super().__init__(core, key, value)
        core.hints = self.hints

    def update(self, key: Any, value: Any = MANY, flags: int = BPF_ANY) -> None:
        if value is MANY:
            self.update_many(key, flags)
        else:
            self._set(key, value, flags)

    def __setitem__(self, key: Any, value: Any) -> None:
        self._set(key, value, BPF_ANY)

    def _set(self, key: Any, value: Any, flags: int) -> None:
        _held = held_of(value)
        super().update(key, value, flags)

    def update_many(self, items: Any, flags: int = BPF_ANY) -> int:
        pairs = pairs_of(items)
        _held = [held_of(value) for _, value in pairs]
        return super().update_many(pairs, flags)

    def _default_value(self) -> Codec:
        return Codec(self.thing, self._core.value_size, int, self._encoded, self._found)

    def _encoded(self, value: Any) -> bytes:
        if isinstance(value, (bytes, bytearray, memoryview)):
            return bytes_codec(self._core.value_size).encode(value)
        return self._assigned(value)

    def _assigned(self, value: Any) -> bytes:
        """The kernel's form of what is assigned."""
        return descriptor_of(value, self.thing).to_bytes(self._core.value_size, sys.byteorder)

    def _found(self, raw: bytes) -> Any:
        """What a lookup gives."""
        return int.from_bytes(raw, sys.byteorder)

    def _entries(self, want: str, command: int = _LOOKUP_BATCH) -> MapEntries:
        """One at a time: most of these have no batches, or none that pass over what is not there."""
        self._core.require()
        return MapEntries(self, want, command, True, self._core.max_entries)

    def _numbers(self) -> MapEntries:
        """Keys and raw values of what is there."""
        core = self._core
        core.require()
        return type(self)(core, self._key, bytes_codec(core.value_size))._entries("items")

    def __iter__(self) -> Iterator[Any]:
        return (key for key, _ in self._numbers())

    def __len__(self) -> int:
        return sum(1 for _ in self._numbers())

    def clear(self) -> None:
        """Take all references out."""
        for key in self:
            self.delete(key)


class Unreadable(References):
    """Those whose entries the kernel does not tell: they can be set and deleted."""

    def _unknown(self, *arguments: object, **named: object) -> Any:
        self._core.require()
        raise self._core.fail("look up in", -ENOTSUPP)

    __iter__ = __len__ = __contains__ = __getitem__ = lookup = get = _unknown
    to_dict = keys = values = items = _unknown

    def clear(self) -> None:
        for index in range(self.max_entries):
            self.delete(index)


class Programs(References):
    """Programs to call (``bpf_tail_call``), by index. Reading gives their ids. Kernel 4.2 or later."""

    thing = "program"
    hints: ClassVar[OperationHints] = {
        "update": {
            errno.EINVAL: "all programs of the array, and those that call them, are of one type and "
            "expected attach type, and either all compiled (JIT) or none",
            errno.EBADF: "the value is no descriptor of a program",
        }
    }


class PerfEvents(Unreadable):
    """Perf events by CPU, for ``bpf_perf_event_read`` and buffers. Kernel 4.3 or later."""

    thing = "perf event"
    hints: ClassVar[OperationHints] = {
        "look up in": {ENOTSUPP: "the kernel does not tell what is in it; perf_buffer() reads events"}
    }


class Cgroups(Unreadable):
    """Cgroups (version 2), by index: a path or a descriptor of the folder. Kernel 4.8 or later."""

    thing = "cgroup"
    hints: ClassVar[OperationHints] = {"look up in": {ENOTSUPP: "the kernel does not tell what is in it"}}

    def _set(self, key: Any, value: Any, flags: int) -> None:
        if isinstance(value, (str, os.PathLike)):
            fd = os.open(value, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            try:
                super()._set(key, fd, flags)
            finally:
                os.close(fd)
        else:
            super()._set(key, value, flags)

    def update_many(self, items: Any, flags: int = BPF_ANY) -> int:
        pairs = pairs_of(items)
        for key, value in pairs:
            self._set(key, value, flags)
        return len(pairs)


def pairs_of(items: Any) -> list[tuple[Any, Any]]:
    """Keys with what is assigned to them, of all that ``dict.update`` takes."""
    return list(items.items() if hasattr(items, "keys") else items)


def held_of(value: Any) -> Any:
    """As long as somebody has this, what is assigned stays open, whoever closes it."""
    from tinybpf.libbpf.program import BpfProgram

    if isinstance(value, tuple):
        return [held_of(part) for part in value]
    if isinstance(value, BpfProgram):
        return value._held()
    return value._core.held() if isinstance(value, BpfMap) else None


def descriptor_of(value: Any, thing: str) -> int:
    """The descriptor of what is given: itself, or what has one."""
    if isinstance(value, bool):
        raise TypeError(f"{value!r} is no {thing}")
    if isinstance(value, int):
        return value if value >= 0 else _no_descriptor(value, thing)
    found = getattr(value, "fd", None)
    if found is None and hasattr(value, "fileno"):
        found = value.fileno()
    if not isinstance(found, int):
        raise TypeError(f"{value!r} ({type(value).__name__}) is no {thing}, and no descriptor of one")
    return found if found >= 0 else _no_descriptor(value, thing)


def _no_descriptor(value: Any, thing: str) -> int:
    raise ValueError(f"{value!r} is closed, or no descriptor of a {thing}")
