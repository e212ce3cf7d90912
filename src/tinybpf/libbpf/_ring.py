"""Reading ring and perf buffers: what the streams and `BpfRingBuffer` share.

Records are drained in batches by C and wait in their map's ``pending`` queue, which belongs to the
map and not to a reader: whoever asks next gets them, and a reader that ends early loses none.
"""

from __future__ import annotations

import errno
import time
from _thread import RLock
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from tinybpf.errors import BpfError
from tinybpf.libbpf import _objects
from tinybpf.libbpf._check import attempt, error_from
from tinybpf.libbpf._lib import ffi, lib
from tinybpf.libbpf._mapcore import MapCore
from tinybpf.libbpf.enums import BpfMapType

if TYPE_CHECKING:
    from tinybpf.libbpf._perf import PerfBuffers

BATCH_RECORDS = 1024
BATCH_BYTES = 256 * 1024

# A wait is cut into pieces: a signal that came just before one began, and records that a program
# submitted without a wake-up, are seen after that time at the latest.
SLICE_MS = 500


HINTS = {
    errno.EBADMSG: "its positions make no sense: does another process read it, too?",
    errno.ECHILD: "a forked process has none of its parent's perf buffers: load or read the map there anew",
}
_KINDS = {BpfMapType.RINGBUF: "ring buffer", BpfMapType.PERF_EVENT_ARRAY: "perf buffer"}


def kind_of(core: MapCore) -> str:
    """What messages call the map: "ring buffer" or "perf buffer"."""
    return _KINDS.get(core.type, "ring buffer")


class RingReader:
    """Ring buffer maps (and perf event arrays) below one descriptor that can be waited on.

    Waiting, draining and closing may happen in different threads: `close` ends a wait, and the
    last one out frees the memory. ``closed`` is for others to read.
    """

    def __init__(self) -> None:
        self.closed = True  # until it is whole
        self._lock = RLock()
        self._users = 0
        self._ring = attempt("create a ring buffer", lib.tb_ring_new)
        self._cores: list[MapCore] = []
        self.closed = False

    @property
    def fd(self) -> int:
        """The descriptor that is readable when there are records; -1 once closed."""
        return -1 if self.closed else int(lib.tb_ring_fd(self._ring))

    def add(self, core: MapCore) -> None:
        """Read this ring buffer, too. `BpfError` where the map is none."""
        from tinybpf.libbpf._ringmap import memory_of

        what = f"read ring buffer '{core.name}'"
        require_type(what, core, BpfMapType.RINGBUF)
        _held, fd = core.held(), core.require()
        with core.drain_lock:  # nobody closes the map and its memory meanwhile
            self._add(core, what, lib.tb_ring_add, memory_of(core).pointer, fd)

    def add_perf(self, core: MapCore, pages: int) -> PerfBuffers:
        """Read this perf event array, too, through buffers of so many pages for each CPU."""
        from tinybpf.libbpf._perf import buffers_of

        what = f"read perf buffer '{core.name}'"
        require_type(what, core, BpfMapType.PERF_EVENT_ARRAY)
        core.require()
        with core.drain_lock:  # nobody closes the map and its buffers meanwhile
            buffers = buffers_of(core, pages)
            self._add(core, what, lib.tb_ring_add_perf, buffers.pointer)
        return buffers

    def _add(self, core: MapCore, what: str, function: Any, *source: Any) -> None:
        with self._lock:
            self._enter()
            try:
                attempt(what, function, self._ring, *source)
                self._cores.append(core)
            finally:
                self._leave()

    def wait(self, timeout: float | None, ignore_eintr: bool = True) -> bool:
        """Whether there may be records; False after ``timeout`` seconds (None waits on).

        True also after `close`. With ``ignore_eintr=False`` a signal makes it False.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        while True:
            left = SLICE_MS if deadline is None else int((deadline - time.monotonic()) * 1000 + 0.999)
            ready = self._wait_once(max(0, min(left, SLICE_MS)))
            if ready > 0 or self.closed:
                return True
            if ready == -errno.EINTR:
                if not ignore_eintr:
                    return False
            elif ready < 0:
                raise error_from("wait for a ring buffer", -ready, None)
            if deadline is not None and time.monotonic() >= deadline:
                return False
            if self.look():
                return True

    def _wait_once(self, timeout_ms: int) -> int:
        if not self._enter(quiet=True):
            return 1
        try:
            return int(lib.tb_ring_wait(self._ring, timeout_ms))
        finally:
            self._leave()

    def look(self) -> bool:
        """Drain what came without a wake-up; whether there is anything."""
        if any(core.pending for core in self._cores):
            return True
        return any(self.fill(index, core, BATCH_RECORDS) for index, core in enumerate(self._cores))

    def fill(self, index: int, core: MapCore, most: int) -> int:
        """Move up to ``most`` records of a map into its queue; how many there were."""
        with core.drain_lock:
            records = self.records(index, core, min(most, BATCH_RECORDS))
            core.pending.extend(records)
            return len(records)

    def records(self, index: int, core: MapCore, most: int) -> list[bytes]:
        """Up to ``most`` records of a map that are not in its queue yet, of a perf event array a batch's.

        Who asks holds the map's ``drain_lock`` until they are where they belong.
        """
        if not self._enter(quiet=True):
            return []
        try:
            with core.drain_lock:
                if core.ring is None:
                    return self._batch(index, core, most)
                found = _objects.ring_records(core.ring.address, most)
                if found is None:
                    raise error_from(f"read ring buffer '{core.name}'", errno.EBADMSG, None, HINTS)
                return found
        finally:
            self._leave()

    def _batch(self, index: int, core: MapCore, most: int) -> list[bytes]:
        """The same of a perf event array."""
        ring = self._ring
        count = lib.tb_ring_drain(ring, index, min(most, BATCH_RECORDS), BATCH_BYTES)
        if count < 0:
            raise error_from(f"read perf buffer '{core.name}'", -count, None, HINTS)
        return _objects.records(int(_address(ring.data)), int(_address(ring.records)), count) if count else []

    def close(self) -> None:
        """End all waits; free the memory when nobody is inside any more. Idempotent."""
        with self._lock:
            if self.closed:
                return
            self.closed = True
            lib.tb_ring_wake(self._ring)
            if not self._users:
                self._free()

    @contextmanager
    def entered(self) -> Iterator[bool]:
        """Within it nothing is freed; False where it is closed already."""
        inside = self._enter(quiet=True)
        try:
            yield inside
        finally:
            if inside:
                self._leave()

    def _enter(self, quiet: bool = False) -> bool:
        with self._lock:
            if self.closed:
                if quiet:
                    return False
                raise BpfError("ring buffer is closed")
            self._users += 1
            return True

    def _leave(self) -> None:
        with self._lock:
            self._users -= 1
            if self.closed and not self._users:
                self._free()

    def _free(self) -> None:
        ring, self._ring = self._ring, ffi.NULL
        lib.tb_ring_free(ring)

    def __del__(self) -> None:
        if not getattr(self, "closed", True):
            self.close()


def require_type(what: str, core: MapCore, expected: BpfMapType) -> None:
    if core.type is expected:
        return
    message = f"{what} failed: map '{core.name}' is type {core.type.name}, expected {expected.name}"
    if core.type in _KINDS:
        message += f"\n  hint: it is read by {_KINDS[core.type].replace(' ', '_')}('{core.name}')"
    raise BpfError(message)


def _address(pointer: Any) -> Any:
    return ffi.cast("uintptr_t", pointer)
