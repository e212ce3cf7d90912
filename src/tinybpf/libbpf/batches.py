"""Many records per call, for streams and polled buffers alike: lists of bytes, memory, arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tinybpf.errors import BpfError

BATCH = 4096
"""Records of one `drain`, where the caller gives no number."""

if TYPE_CHECKING:
    from tinybpf.libbpf._source import BufferStats, Source


class Batches:
    """What a reader of buffers offers besides one event at a time. Nothing here waits for records.

    Records that wait for delivery, because a callback stopped, come first. What is taken here is not
    delivered by iteration or to callbacks any more.
    """

    def _sources_now(self) -> list[Source]:
        """The maps that are read; `BpfError` once closed."""
        raise NotImplementedError

    def _limit(self, most: int | None) -> int | None:
        """How many records may be taken at most."""
        if most is not None and (isinstance(most, bool) or not isinstance(most, int)):
            raise TypeError(f"most must be a whole number, not {type(most).__name__}")
        if most is not None and most < 0:
            raise ValueError(f"most must not be negative: {most}")
        return most

    def _before(self) -> None:
        """Called before records are taken."""

    def _took(self, count: int) -> None:
        """So many records were taken."""

    def drain(self, most: int | None = BATCH) -> list[bytes]:
        """The records that are there, up to ``most``, each as bytes. Empty where there are none.

        ``None`` takes all at once, which is slower than batches that fit the processor's caches. With
        several maps, one map's records behind the other's. Those of a perf buffer have the kernel's
        padding of up to 7 bytes.
        """
        self._before()
        records: list[bytes] = []
        sources, limit = self._sources_now(), self._limit(most)
        for source in sources:
            found = source.take(None if limit is None else limit - len(records))
            records = records + found if records else found
            if limit is not None and len(records) >= limit:
                break
        self._took(len(records))
        return records

    def read_into(self, buffer: Any, *, record_size: int | None = None) -> int:
        """Copy records into memory, one right behind the other, as many as fit; how many there were.

        ``buffer`` is writable memory in one piece: a bytearray, an ``array``, a NumPy array. A record
        has ``record_size`` bytes; without it, the size of the map's type, or of a structured array's
        elements. One of another size ends the copy, and is `BpfError` where it comes first. One map.
        """
        self._before()
        source = self._only()
        room, element = _writable(buffer)
        size = _size(source) if record_size is None and not element else _checked(record_size or element)
        if not size:
            return 0
        limit, most = self._limit(None), len(room) // size
        count = source.copy_into(room, size, most if limit is None else min(most, limit))
        self._took(count)
        return count

    def as_array(self, most: int | None = None, *, dtype: Any = None, numpy: bool | None = None) -> Any:
        """The records that are there (up to ``most``) as one array, in memory of its own.

        Where NumPy is installed a structured array of the type that the object's BTF gives for the
        map (or of ``dtype``, or of the reader's ``event_type``); where it is not, or with
        ``numpy=False``, a `RecordArray`. Records all have the type's size; one of another size
        ends the array, and is `BpfError` where it comes first. Of a perf buffer not more than 1024
        records. One map.
        """
        from tinybpf.libbpf.dtypes import dtype_for
        from tinybpf.libbpf.dtypes import numpy as find_numpy

        self._before()
        source, limit = self._only(), self._limit(most)
        module = None if numpy is False else find_numpy()
        if module is None and (numpy or dtype is not None):
            raise BpfError(
                "NumPy is not installed\n  hint: pip install numpy, or leave numpy= and dtype= out"
            )
        type_, size, decode = source.events.layout() or (None, _size(source), bytes)
        if dtype is not None:
            size = module.dtype(dtype).itemsize  # type: ignore[union-attr]
        room = source.at_most(size) if size else 0
        room = room if limit is None else min(room, limit)
        if module is not None:
            made = module.empty(room, dtype_for(type_ if dtype is None else dtype, size))
            count = source.copy_into(_writable(made)[0], size, room)
            self._took(count)
            return made[:count]
        from tinybpf.libbpf.arrays import RecordArray

        memory = memoryview(bytearray(room * size))
        count = source.copy_into(memory, size, room)
        self._took(count)
        return RecordArray(memory[: count * size], size, type_, decode)

    def _only(self) -> Source:
        sources = self._sources_now()
        if len(sources) != 1:
            names = ", ".join(source.core.name for source in sources) or "none"
            raise BpfError(f"an array has the records of one map, and this reads several: {names}")
        return sources[0]

    @property
    def stats(self) -> dict[str, BufferStats]:
        """Where each map stands, by its name: size, what is available, positions, lost."""
        return {source.core.name: source.stats(self._lost_of(source)) for source in self._sources_now()}

    def _lost_of(self, source: Source) -> int | None:
        raise NotImplementedError


def _writable(buffer: Any) -> tuple[memoryview, int]:
    """The bytes of the memory, and the size of its elements where they are structures (else 0)."""
    from tinybpf.libbpf._lib import ffi

    with memoryview(buffer) as given:
        if given.readonly:
            raise TypeError(f"read_into needs memory that can be written, not {type(buffer).__name__}")
        if not given.c_contiguous:
            raise TypeError("read_into needs memory in one piece")
        element = given.itemsize if len(given.format.lstrip("@=<>!")) > 1 else 0
    return memoryview(ffi.buffer(ffi.from_buffer(buffer, require_writable=True))), element


def _size(source: Source) -> int:
    """The size of a map's records: of its type, else of the first one; 0 where there is none."""
    layout = source.events.layout()
    return layout[1] if layout is not None else source.first_size() or 0


def _checked(record_size: int) -> int:
    if isinstance(record_size, bool) or not isinstance(record_size, int) or record_size <= 0:
        raise ValueError(f"record_size must be a number of bytes above 0: {record_size!r}")
    return record_size
