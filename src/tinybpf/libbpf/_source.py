"""One map that a reader reads: many records at once, as bytes or into memory, and where it stands."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from tinybpf.errors import BpfError
from tinybpf.libbpf._lib import ffi, lib
from tinybpf.libbpf._ring import BATCH_RECORDS, HINTS, RingReader, kind_of
from tinybpf.libbpf.enums import BpfMapType

if TYPE_CHECKING:
    from tinybpf.libbpf._events import EventType
    from tinybpf.libbpf._mapcore import MapCore

MOST_BATCHES = 64
"""A drain comes back at some time, even where programs write faster than it reads."""

HEADER = 8  # bytes before each record in a ring buffer


class BufferStats(NamedTuple):
    """Where a ring or perf buffer stands.

    In bytes: its ``size``, what is ``available`` in it to be read, and what was ever read
    (``consumer``) and written (``producer``), headers included; of a perf buffer all CPUs' together.
    ``pending`` counts records that were taken out of the buffer and not delivered yet, ``lost`` those
    that found no room, None where nobody counts them.
    """

    size: int
    available: int
    consumer: int
    producer: int
    pending: int
    lost: int | None


class Source:
    """A map as number ``index`` of a reader, and the type of its events."""

    def __init__(self, reader: RingReader, index: int, core: MapCore, events: EventType) -> None:
        self.reader = reader
        self.index = index
        self.core = core
        self.events = events

    def take(self, most: int | None = None) -> list[bytes]:
        """Up to ``most`` records (None: all that there are), those first that were drained before."""
        core, limit = self.core, sys.maxsize if most is None else most
        with core.drain_lock:
            records = self._pending(limit)
            for _ in range(MOST_BATCHES):
                found = self.reader.records(self.index, core, limit - len(records))
                records = records + found if records else found
                if core.ring is not None or not found or len(records) >= limit:
                    break
        return records

    def _pending(self, most: int) -> list[bytes]:
        records: list[bytes] = []
        pending = self.core.pending
        while pending and len(records) < most:
            try:
                records.append(pending.popleft())
            except IndexError:
                break  # another reader of the map was faster
        return records

    def copy_into(self, view: memoryview, size: int, most: int) -> int:
        """Copy records of ``size`` bytes, one behind the other, until the room or they end; how many.

        `BpfError` where the first one has another size; others end the copy, and stay.
        """
        core = self.core
        with core.drain_lock:
            count, other = self._copy_pending(view, size, most)
            if core.ring is not None and other is None and count < most:
                copied, other = self._copy_ring(view[count * size :], size, most - count)
                count += copied
            if other is not None and not count:
                raise BpfError(
                    f"read {kind_of(core)} '{core.name}' failed: its next record has {other} bytes, "
                    f"those of the array have {size}\n  hint: drain(1) takes the record as it is"
                )
            return count

    def _copy_pending(self, view: memoryview, size: int, most: int) -> tuple[int, int | None]:
        """How many came from the queue, and the size of the one that does not fit in."""
        pending, padded, count = self.core.pending, self.events.padded(size), 0
        while count < most and (pending or self._fill(most - count)):
            try:
                record = pending.popleft()
            except IndexError:
                continue
            if len(record) not in (size, padded):
                pending.appendleft(record)
                return count, len(record)
            view[count * size : (count + 1) * size] = record[:size]
            count += 1
        return count, None

    def _fill(self, most: int) -> int:
        """A perf buffer's records pass through the queue."""
        return 0 if self.core.ring is not None else self.reader.fill(self.index, self.core, most)

    def _copy_ring(self, view: memoryview, size: int, most: int) -> tuple[int, int | None]:
        other = ffi.new("uint32_t *")
        with self.reader.entered() as inside:
            if not inside:
                return 0, None
            assert self.core.ring is not None
            into = ffi.from_buffer(view)
            ring = ffi.cast("struct tb_ringmap *", self.core.ring.address)  # the reader holds on to it
            count = lib.tb_ringmap_copy(ring, into, size, most, other)
        if count < 0:
            from tinybpf.libbpf._check import error_from

            raise error_from(f"read ring buffer '{self.core.name}'", -count, None, HINTS)
        return int(count), None if other[0] == 0xFFFFFFFF else int(other[0])

    def at_most(self, size: int) -> int:
        """No more records of ``size`` bytes are there now; of a perf buffer, a batch at most."""
        core = self.core
        if core.ring is None:
            return BATCH_RECORDS
        consumer, producer = core.ring.positions()
        return len(core.pending) + (producer - consumer) // ((size + HEADER + 7) & ~7)

    def first_size(self) -> int | None:
        """The size of the next record, None where there is none."""
        core = self.core
        with core.drain_lock:
            if not core.pending:
                self.reader.fill(self.index, core, 1)
            return len(core.pending[0]) if core.pending else None

    def stats(self, lost: int | None) -> BufferStats:
        core = self.core
        memory = core.ring or core.perf
        assert memory is not None
        consumer, producer = memory.positions()
        size = memory.size
        available = max(0, min(producer - consumer, size))
        return BufferStats(size, available, consumer, producer, len(core.pending), lost)


def lost_counter(core: MapCore) -> Callable[[], int | None]:
    """What reads the variable in which the program counts the records that a ring buffer had no room for."""
    if core.owner is None or core.owner.btf is None or core.type is not BpfMapType.RINGBUF:
        return lambda: None
    from tinybpf.libbpf.globals import Globals

    variables = Globals(core.owner, loaded=True)
    name = f"ebpf_lost_{core.name}"
    variables.counter(name)  # found while the object is open
    return lambda: variables.counter(name)
