"""The memory of a ring buffer map, shared by all who read the map in this process."""

from __future__ import annotations

from _thread import RLock
from typing import TYPE_CHECKING, Any

from tinybpf.libbpf._check import attempt
from tinybpf.libbpf._lib import ffi, lib

if TYPE_CHECKING:
    from tinybpf.libbpf._mapcore import MapCore


class RingMemory:
    """``pointer`` is C's; whoever reads through it holds on to it in C, too."""

    def __init__(self, core: MapCore) -> None:
        self._pointer: Any = ffi.NULL
        self._lock = RLock()  # nobody looks into what is freed
        _held, fd = core.held(), core.require()
        self._pointer = attempt(f"read ring buffer '{core.name}'", lib.tb_ringmap_new, fd)
        self.size = int(self._pointer.size)
        self.address = int(ffi.cast("uintptr_t", self._pointer))
        self._last = (0, 0)

    @property
    def pointer(self) -> Any:
        return self._pointer

    def positions(self) -> tuple[int, int]:
        """Bytes that were ever read, and bytes that were ever written; the last ones once closed."""
        with self._lock:
            if self._pointer != ffi.NULL:
                found = ffi.new("uint64_t[2]")
                lib.tb_ringmap_positions(self._pointer, found, found + 1)
                self._last = (found[0], found[1])
            return self._last

    def close(self) -> None:
        """Give the memory back once nobody reads it any more. Idempotent."""
        with self._lock:
            if self._pointer != ffi.NULL:
                self.positions()
                pointer, self._pointer = self._pointer, ffi.NULL
                lib.tb_ringmap_put(pointer)

    def __del__(self) -> None:
        if ffi is not None and getattr(self, "_pointer", ffi.NULL) != ffi.NULL:  # None at Python's end
            self.close()


def memory_of(core: MapCore) -> RingMemory:
    """The map's memory, mapped by the first call."""
    with core.drain_lock:
        if core.ring is None:
            core.ring = RingMemory(core)
        return core.ring
