"""Where events come from: ring buffers, perf buffers and the kernel's trace_pipe, waited for together."""

from __future__ import annotations

import os
import select
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Literal

from tinybpf.libbpf.enums import BpfMapType
from tinybpf.show.shape import Group, Leaf, shape_of

if TYPE_CHECKING:
    from tinybpf.libbpf import BpfObject
    from tinybpf.libbpf.records import RecordReader

PERF_PAGES = 64
"""Pages of a perf buffer for each CPU."""

_ORDER: Literal["little", "big"] = "little" if sys.byteorder == "little" else "big"

WAIT = 0.2
"""Seconds after which buffers are looked into without a wake-up."""

BUFFERS = {BpfMapType.RINGBUF: "ring buffer", BpfMapType.PERF_EVENT_ARRAY: "perf buffer"}


class Buffer:
    """One ring or perf buffer: ``shape`` is its events', None where nothing is known of them."""

    def __init__(self, obj: BpfObject, name: str) -> None:
        self.map = obj.map(name)
        self.name = name
        self.kind = BUFFERS[self.map.type]
        self.count = 0
        self.shape: Group | Leaf | None = None
        self.lost: Callable[[], int | None] = lambda: obj.lost(name)
        types = self.map.types
        if types.btf is not None and types.event is not None:
            self.shape = shape_of(types.btf, types.event)

    def add_count(self, by_kernel: Callable[[], int]) -> None:
        """The kernel counts what was lost, too: often the same events, so the greater number holds."""
        by_program = self.lost
        self.lost = lambda: max(by_kernel(), by_program() or 0)

    @property
    def never_fits(self) -> str:
        """Why no event finds room, however empty the buffer is, in words; nothing where one does."""
        if self.shape is None or self.map.type is not BpfMapType.RINGBUF:
            return ""
        needed, there = (self.shape.size + 8 + 7) // 8 * 8, self.map.max_entries  # 8: the kernel's header
        if needed <= there:
            return ""
        return (
            f"an event of '{self.name}' takes {needed:,} bytes and the buffer has {there:,}: give it more "
            "MaxEntries"
        )

    @property
    def time(self) -> Leaf | None:
        """The field that says when an event happened, if it has one."""
        if self.shape is None:
            return None
        leaves = self.shape.leaves() if isinstance(self.shape, Group) else [self.shape]
        return next((leaf for leaf in leaves if leaf.form == "time"), None)


def buffers_of(obj: BpfObject) -> list[Buffer]:
    """All ring and perf buffers of an object, in its order."""
    return [Buffer(obj, name) for name, found in obj.maps.items() if found.type in BUFFERS]


class Reader:
    """Drains all buffers; a perf buffer gets events from when this is made."""

    def __init__(self, buffers: Sequence[Buffer]) -> None:
        self.buffers = buffers
        self._reader: RecordReader | None = None
        if not buffers:
            return
        from tinybpf.libbpf.records import RecordReader

        self._reader = RecordReader()
        for buffer in buffers:
            by_kernel = self._reader.add(buffer.map, PERF_PAGES)
            if by_kernel is not None:
                buffer.add_count(by_kernel)

    @property
    def fd(self) -> int:
        """Readable when there are events; -1 without buffers."""
        return -1 if self._reader is None else self._reader.fd

    def drain(self) -> list[tuple[Buffer, list[bytes]]]:
        """What has come, in order of arrival as far as it is known."""
        if self._reader is None:
            return []
        drained = [(buffer, self._reader.drain(index)) for index, buffer in enumerate(self.buffers)]
        return in_order([(buffer, records) for buffer, records in drained if records])

    def __enter__(self) -> Reader:
        return self

    def __exit__(self, *reason: object) -> None:
        if self._reader is not None:
            self._reader.close()


def in_order(found: list[tuple[Buffer, list[bytes]]]) -> list[tuple[Buffer, list[bytes]]]:
    """Events of several buffers by the times in them, where all have one; else buffer by buffer.

    The kernel keeps the order within a ring buffer, and within each CPU of a perf buffer.
    """
    if not found or (len(found) == 1 and found[0][0].kind == "ring buffer"):
        return found
    times = [buffer.time for buffer, _ in found]
    if any(time is None for time in times):
        return found
    merged: list[tuple[int, int, int, bytes]] = []
    for at, ((_, records), time) in enumerate(zip(found, times, strict=True)):
        assert time is not None
        merged += [(_when(time, record), at, n, record) for n, record in enumerate(records)]
    merged.sort(key=lambda item: item[:3])
    runs: list[tuple[Buffer, list[bytes]]] = []
    for _, at, _, record in merged:
        if runs and runs[-1][0] is found[at][0]:
            runs[-1][1].append(record)
        else:
            runs.append((found[at][0], [record]))
    return runs


def _when(time: Leaf, record: bytes) -> int:
    return int.from_bytes(record[time.offset : time.offset + time.size], _ORDER)


class Wait:
    """Waits for any of some descriptors, and for the reader of the output to go away."""

    def __init__(self, readable: Iterable[int], output: int) -> None:
        self._poll = select.poll()
        self._output = output
        for fd in readable:
            if fd >= 0:
                self._poll.register(fd, select.POLLIN)
        if not os.path.isfile(f"/proc/self/fd/{output}"):
            self._poll.register(output, 0)  # errors are told without being asked for

    def wait(self, seconds: float) -> None:
        """Come back after ``seconds``, or earlier. ``BrokenPipeError``: nobody reads the output."""
        for fd, _ in self._poll.poll(max(0, int(seconds * 1000 + 0.999))):
            if fd == self._output:
                raise BrokenPipeError
