"""The memory of maps: arenas, and arrays made with ``BPF_F_MMAPABLE``."""

from __future__ import annotations

import errno
import mmap
from typing import Any

from tinybpf.errors import BpfError
from tinybpf.libbpf import _mapinfo
from tinybpf.libbpf._check import error_from
from tinybpf.libbpf._lib import ffi, lib
from tinybpf.libbpf._mapcore import MapCore
from tinybpf.libbpf.enums import BpfMapType

MMAPABLE = 1 << 10
_SEGV_ON_FAULT = 1 << 17
_HINTS = {
    errno.EPERM: "a frozen map cannot be mapped for writing",
    **dict.fromkeys((errno.EBUSY, errno.EINVAL), "an arena has one place, where it was mapped first"),
}


class ArenaMemory:
    """The memory of an object's arena: slices of it are bytes, and bytes are assigned to them.

    It ends with the object: then every use is a `BpfError` that says "closed".
    """

    def __init__(self, core: MapCore, start: Any, size: int) -> None:
        self._core = core
        self._buffer = ffi.buffer(start, size)  # libbpf's mapping, which goes when the object is closed

    def __len__(self) -> int:
        return len(self._buffer)

    def __getitem__(self, place: slice) -> bytes:
        _held = self._check(place)
        return bytes(self._buffer[place])

    def __setitem__(self, place: slice, data: bytes) -> None:
        _held = self._check(place)
        self._buffer[place] = data

    def _check(self, place: slice) -> Any:
        """What keeps the object, and with it the memory, while it is held."""
        if not isinstance(place, slice):
            raise TypeError(f"the memory of an arena has slices, such as [0:8]; not [{place!r}]")
        self._core.require()
        return None if self._core.owner is None else self._core.owner.pointer

    def __repr__(self) -> str:
        return f"<memory of arena '{self._core.name}': {len(self)} bytes>"


def view(core: MapCore) -> memoryview | ArenaMemory:
    """All of it, to read and to write."""
    core.require()
    flags = _mapinfo.of(core).map_flags
    what = f"map the memory of map '{core.name}'"
    if core.type is BpfMapType.ARENA:
        if flags & _SEGV_ON_FAULT:
            reason = "with BPF_F_SEGV_ON_FAULT, a look at a page that is not there ends the process"
            raise BpfError(f"{what} failed: {reason}")
        return _arena(core, what)
    if core.type is not BpfMapType.ARRAY or not flags & MMAPABLE:
        reason = "only an arena, or an array with BPF_F_MMAPABLE, has memory to map"
        raise BpfError(f"{what} failed: {reason}")
    return _mapped(core, what, (core.value_size + 7 & ~7) * core.max_entries)


def _arena(core: MapCore, what: str) -> memoryview | ArenaMemory:
    """An arena has one place: where libbpf put it if it is an object's, else where it is mapped first."""
    size = core.max_entries * mmap.PAGESIZE
    if core.pointer is not None and core.owner is not None:
        start = lib.bpf_map__initial_value(core.owner.within(core.pointer), ffi.new("size_t *"))
        if start != ffi.NULL:
            return ArenaMemory(core, start, size)
    if core.arena is None:
        core.arena = _mapped(core, what, size)
    return core.arena[:]


def _mapped(core: MapCore, what: str, size: int) -> memoryview:
    pages = -(-size // mmap.PAGESIZE) * mmap.PAGESIZE
    _held, fd = core.held(), core.require()
    try:
        return memoryview(mmap.mmap(fd, pages, mmap.MAP_SHARED))[:size]
    except OSError as error:
        raise error_from(what, error.errno or 0, None, _HINTS) from None
