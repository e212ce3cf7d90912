"""The buffers of a perf event array: one for each CPU, shared by all who read the map.

The kernel delivers only into buffers that exist: the first reader makes them, and they stay until
the map is closed, so that what comes between two readers is not lost.
"""

from __future__ import annotations

import os
from _thread import RLock
from typing import TYPE_CHECKING, Any

from tinybpf.libbpf._check import attempt
from tinybpf.libbpf._lib import ffi, lib
from tinybpf.libbpf._mapcore import possible_cpus

if TYPE_CHECKING:
    from tinybpf.libbpf._mapcore import MapCore

MOST_PAGES = 1 << 20  # 4 GiB for each CPU; locked-memory limits come long before


class PerfBuffers:
    """``pointer`` is C's; whoever reads through it holds on to it in C, too."""

    def __init__(self, core: MapCore, pages: int) -> None:
        what = f"read perf buffer '{core.name}'"
        self._pointer: Any = ffi.NULL
        self._lost = 0
        self._last = (0, 0, 0)
        self._lock = RLock()  # nobody counts in what is freed
        _held, fd = core.held(), core.require()
        self._pointer = attempt(what, lib.tb_perf_new, fd, pages)

    @property
    def pointer(self) -> Any:
        return self._pointer

    def lost(self, cpu: int = -1) -> int:
        """Events that found no room on a CPU, by default on all; the last count once closed.

        The kernel tells with the next event that fits, and it is counted when that one is read.
        """
        with self._lock:
            if self._pointer == ffi.NULL:
                return self._lost
            return int(lib.tb_perf_lost(self._pointer, cpu))

    def positions(self) -> tuple[int, int]:
        """Bytes that were read and written so far, of all CPUs together; the last ones once closed."""
        return self._numbers()[:2]

    @property
    def size(self) -> int:
        """Bytes of all CPUs' buffers together."""
        return self._numbers()[2]

    def _numbers(self) -> tuple[int, int, int]:
        with self._lock:
            if self._pointer != ffi.NULL:
                found = ffi.new("uint64_t[3]")
                lib.tb_perf_positions(self._pointer, found, found + 1, found + 2)
                self._last = (found[0], found[1], found[2])
            return self._last

    def close(self) -> None:
        """Give the buffers back once nobody reads them any more. Idempotent."""
        with self._lock:
            if self._pointer != ffi.NULL:
                self._lost, self._last = self.lost(), self._numbers()
                pointer, self._pointer = self._pointer, ffi.NULL
                lib.tb_perf_put(pointer)

    def __del__(self) -> None:
        if ffi is not None and getattr(self, "_pointer", ffi.NULL) != ffi.NULL:  # None at Python's end
            self.close()


def check_pages(pages: int) -> int:
    """``pages`` where it can be a buffer's size; ``ValueError`` where not."""
    if isinstance(pages, bool) or not isinstance(pages, int):
        raise TypeError(f"pages must be a number, not {type(pages).__name__}")
    if not 0 < pages <= MOST_PAGES or pages & (pages - 1):
        page = os.sysconf("SC_PAGESIZE")
        raise ValueError(f"pages must be a power of two (of pages of {page} bytes, for each CPU): {pages}")
    return pages


def checked_cpu(cpu: int) -> int:
    if isinstance(cpu, bool) or not isinstance(cpu, int):
        raise TypeError(f"cpu must be a number, not {type(cpu).__name__}")
    if not 0 <= cpu < possible_cpus():
        raise ValueError(f"no CPU {cpu}: this machine has 0 to {possible_cpus() - 1}")
    return cpu


def buffers_of(core: MapCore, pages: int) -> PerfBuffers:
    """The map's buffers, made by the first call with so many pages for each CPU."""
    with core.drain_lock:
        if core.perf is None:
            core.perf = PerfBuffers(core, pages)
        return core.perf
