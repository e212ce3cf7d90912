"""Several ring and perf buffers read at once, as raw records below one descriptor."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tinybpf.libbpf._events import EventType
from tinybpf.libbpf._ring import RingReader
from tinybpf.libbpf._source import Source
from tinybpf.libbpf.enums import BpfMapType
from tinybpf.libbpf.map import BpfMap

MOST_RECORDS = 8192  # a drain comes back at some time, even where programs write faster than it reads


class RecordReader:
    """Ring buffers (kernel 5.8) and perf event arrays (4.4) whose records are taken as bytes.

    A perf event array gets records from when it is added.
    """

    def __init__(self) -> None:
        self._reader = RingReader()
        self._sources: list[Source] = []

    @property
    def fd(self) -> int:
        """Readable when there are records; -1 once closed."""
        return self._reader.fd

    def add(self, map: BpfMap[Any, Any], pages: int) -> Callable[[], int] | None:
        """Read this map, too; `BpfError` where it is no buffer.

        For a perf event array, which gets ``pages`` for each CPU: what tells how many records found
        no room. For a ring buffer None: the kernel does not count them.
        """
        lost = None
        if map.type is BpfMapType.PERF_EVENT_ARRAY:
            lost = self._reader.add_perf(map._core, pages).lost
        else:
            self._reader.add(map._core)
        core = map._core
        self._sources.append(Source(self._reader, len(self._sources), core, EventType(core, bytes)))
        return lost

    def drain(self, index: int) -> list[bytes]:
        """What has come to the map that was added as number ``index``, without waiting."""
        return self._sources[index].take(MOST_RECORDS)

    def close(self) -> None:
        """Give the descriptor back. Idempotent."""
        self._reader.close()
