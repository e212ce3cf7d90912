"""`BpfRingBuffer`: ring buffers that are polled, with callbacks or iteration over what was polled."""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator
from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload

from tinybpf.errors import BpfError
from tinybpf.libbpf._events import EventType, validate_event_type
from tinybpf.libbpf._handle import closed_error
from tinybpf.libbpf._mapcore import core_of
from tinybpf.libbpf._polled import MOST_BATCHES, PolledBuffer
from tinybpf.libbpf._ring import BATCH_RECORDS, RingReader
from tinybpf.libbpf._source import Source, lost_counter
from tinybpf.libbpf.info import RingBufferEvent
from tinybpf.libbpf.map import BpfMap

if TYPE_CHECKING:
    from typing import Literal

T = TypeVar("T")


class _Source(Source):
    """One map of the buffer, and what becomes of its records (``convert`` None leaves them bytes)."""

    callback: Callable[[Any], Any] | None = None
    convert: Callable[[bytes], Any] | None = None
    lost: Callable[[], int | None] | None = None  # once somebody asked


class BpfRingBuffer(PolledBuffer, Generic[T]):
    """Events of one or several ring buffer maps, delivered when `poll` or `consume` is called.

    With a ``callback`` each event is handed to it: None or a number from 0 goes on, a negative one
    stops the poll, an exception stops it and is raised from `poll`. Without, the events are queued
    and iteration takes them; it ends when the queue is empty. ``async for`` polls by itself, and ends
    when the buffer is closed. Events that a stop left over are delivered next time. A callback may
    close the buffer, or its object. `drain`, `read_into` and `as_array` take many records at once.

    ``event_type`` is a ``ctypes`` structure, a class from BTF, or bytes. Kernel 5.8 or later.
    """

    @overload
    def __init__(
        self: BpfRingBuffer[bytes],
        map: BpfMap[Any, Any] | None = None,
        callback: Callable[[bytes], Any] | None = None,
        as_memoryview: Literal[False] = False,
        *,
        validate_btf_struct: str | None = None,
        validate_field_names: bool = True,
    ) -> None: ...
    @overload
    def __init__(
        self: BpfRingBuffer[memoryview],
        map: BpfMap[Any, Any] | None = None,
        callback: Callable[[memoryview], Any] | None = None,
        *,
        as_memoryview: Literal[True],
        validate_btf_struct: str | None = None,
        validate_field_names: bool = True,
    ) -> None: ...
    @overload
    def __init__(
        self: BpfRingBuffer[memoryview],
        map: BpfMap[Any, Any] | None,
        callback: Callable[[memoryview], Any] | None,
        as_memoryview: Literal[True],
        *,
        validate_btf_struct: str | None = None,
        validate_field_names: bool = True,
    ) -> None: ...
    @overload
    def __init__(
        self: BpfRingBuffer[Any],
        map: BpfMap[Any, Any] | None = None,
        callback: Callable[[Any], Any] | None = None,
        as_memoryview: Literal[False] = False,
        *,
        event_type: None,
        validate_btf_struct: str | None = None,
        validate_field_names: bool = True,
    ) -> None: ...
    @overload
    def __init__(
        self,
        map: BpfMap[Any, Any] | None = None,
        callback: Callable[[T], Any] | None = None,
        as_memoryview: Literal[False] = False,
        *,
        event_type: type[T],
        validate_btf_struct: str | None = None,
        validate_field_names: bool = True,
    ) -> None: ...
    def __init__(
        self,
        map: BpfMap[Any, Any] | None = None,
        callback: Callable[[Any], Any] | None = None,
        as_memoryview: bool = False,
        *,
        event_type: Any = bytes,
        validate_btf_struct: str | None = None,
        validate_field_names: bool = True,
    ) -> None:
        self._as_memoryview = as_memoryview
        self._event_type = event_type
        self._sources: list[_Source] = []
        self._events: deque[tuple[_Source, T]] = deque()
        self._reader = RingReader()
        if map is not None:
            self.add(
                map,
                callback,
                event_type=event_type,
                validate_btf_struct=validate_btf_struct,
                validate_field_names=validate_field_names,
            )
        elif callback is not None:
            self._reader.close()
            raise TypeError("a callback needs its map: give it to add(map, callback)")

    def add(
        self,
        map: BpfMap[Any, Any],
        callback: Callable[[T], Any] | None = None,
        as_memoryview: bool | None = None,
        *,
        event_type: Any = ...,
        validate_btf_struct: str | None = None,
        validate_field_names: bool = True,
    ) -> None:
        """Read another map, with a callback of its own.

        Without ``event_type`` and ``as_memoryview`` its events are as the buffer was made for.
        ``validate_btf_struct`` names a struct of the object that ``event_type`` is checked against.

        `BpfError` where the map is no ring buffer or is here already, and where maps with and
        without callback, or bytes and memoryviews, would be mixed.
        """
        core = core_of(map)
        if event_type is ...:
            event_type = self._event_type
        if self._reader.closed:
            raise closed_error("ring buffer", self._names())
        if any(source.core is core for source in self._sources):
            raise BpfError(f"map '{core.name}' is in this ring buffer already")
        view = self._as_memoryview if as_memoryview is None else as_memoryview
        if self._sources and view != self._as_memoryview:
            raise BpfError("memoryview and bytes cannot be mixed in one ring buffer")
        if self._sources and (callback is None) != (self._sources[0].callback is None):
            raise BpfError("maps with a callback and maps without cannot be mixed in one ring buffer")
        if view and event_type is not bytes:
            raise TypeError("as_memoryview gives raw records: leave event_type out")
        if callback is not None and not callable(callback):
            raise TypeError(f"callback must be callable, not {type(callback).__name__}")
        if validate_btf_struct is not None:
            validate_event_type(core, event_type, validate_btf_struct, validate_field_names)
        source = _Source(self._reader, len(self._sources), core, EventType(core, event_type))
        source.callback = callback
        source.convert = memoryview if view else None if source.events.raw else source.events.decode
        self._reader.add(core)
        if core.owner is not None:
            core.owner.add_dependent(self)
        self._as_memoryview = view
        self._sources.append(source)

    def _is_pending(self) -> bool:
        return any(source.core.pending for source in self._sources)

    def _deliver(self, most: int | None = None) -> int:
        handled, limit = 0, sys.maxsize if most is None else most
        for source in tuple(self._sources):
            count, stopped = self._deliver_from(source, limit - handled)
            handled += count
            if stopped or handled >= limit or self._reader.closed:
                break
        return handled

    def _deliver_from(self, source: _Source, most: int) -> tuple[int, bool]:
        """How many events of one map were handled, and whether a callback stopped."""
        handled = 0
        for _ in range(MOST_BATCHES):
            count, stopped = self._empty(source, most - handled)
            handled += count
            if stopped:
                return handled, True
            if handled >= most or not self._reader.fill(source.index, source.core, BATCH_RECORDS):
                break
        return handled, False

    def _empty(self, source: _Source, most: int) -> tuple[int, bool]:
        """Deliver what was drained of one map; how many, and whether that is the end."""
        pending, convert, reader = source.core.pending, source.convert, self._reader
        deliver: Callable[[Any], Any] = source.callback or (lambda event: events.append((source, event)))
        events, count = self._events, 0
        while pending and count < most:
            try:
                record = pending.popleft()
            except IndexError:
                break  # another reader of the map was faster
            count += 1
            answer = deliver(record if convert is None else convert(record))
            if reader.closed or (answer is not None and isinstance(answer, int) and answer < 0):
                return count, True
        return count, False

    def __iter__(self) -> Iterator[T]:
        """What was polled and not taken yet; only without callbacks."""
        self._require_iteration()
        return self._take()

    def _take(self) -> Iterator[T]:
        while self._events:
            yield self._events.popleft()[1]

    def __aiter__(self) -> AsyncIterator[T]:
        """Events as they come, until the buffer is closed, by whatever task or thread; without callbacks.

        A task that is cancelled while it waits leaves all events where they are.
        """
        self._require_iteration()
        return self._come()

    async def _come(self) -> AsyncIterator[T]:
        async for event in self.events():
            yield event.data

    async def events(self) -> AsyncIterator[RingBufferEvent[T]]:
        """The same with the name of the map that each event came from."""
        self._require_iteration()
        while True:
            while self._events:
                source, event = self._events.popleft()
                yield RingBufferEvent(source.core.name, event)
            if not await self._more():
                return

    def _require_iteration(self) -> None:
        self._require(maps=False)
        if any(source.callback is not None for source in self._sources):
            raise BpfError("a ring buffer with a callback cannot be iterated: the callback gets the events")

    def _sources_now(self) -> list[Source]:
        self._require()
        return list(self._sources)

    def _lost_of(self, source: Source) -> int | None:
        assert isinstance(source, _Source)
        if source.lost is None:
            source.lost = lost_counter(source.core)
        return source.lost()

    def close(self) -> None:
        self._reader.close()
        for source in self._sources:
            if source.core.owner is not None:
                source.core.owner.drop_dependent(self)

    def _require(self, maps: bool = True) -> None:
        if self._reader.closed:
            raise closed_error("ring buffer", self._names())
        if maps and not self._sources:
            raise BpfError("no maps were added to this ring buffer")
        for source in self._sources:
            source.core.require()

    def _names(self) -> str:
        return ", ".join(source.core.name for source in self._sources)

    def __repr__(self) -> str:
        state = " closed" if self._reader.closed else ""
        how = "callback" if any(source.callback for source in self._sources) else "iteration"
        return f"<BpfRingBuffer of '{self._names()}' by {how}{state}>"
