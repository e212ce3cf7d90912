"""Events of a ring or perf buffer as a stream: ``for event in obj.ring_buffer("events")``."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from tinybpf.errors import BpfError
from tinybpf.libbpf._events import EventType
from tinybpf.libbpf._handle import closed_error
from tinybpf.libbpf._mapcore import MapCore
from tinybpf.libbpf._ring import BATCH_RECORDS, RingReader
from tinybpf.libbpf._source import Source
from tinybpf.libbpf.batches import Batches

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tinybpf.libbpf._handle import ObjectHandle

E = TypeVar("E")

CLOCK_EVERY = 128  # events between two looks at the clock


class EventStream(Iterator[E], Batches, Generic[E]):
    """Yields events as they come, until it is closed, or after a time or a count.

    ``async for`` yields them in an event loop; `drain`, `read_into` and `as_array` take many at once.

    The time runs from the first event that is asked for. Ctrl-C interrupts it; `close`, from
    another thread or between two events, and closing the object, end it. Several streams may read
    one map: each event goes to one of them, and none is lost when a stream ends. Events of a perf
    buffer are in order for each CPU only.
    """

    def __init__(
        self,
        core: MapCore,
        owner: ObjectHandle,
        *,
        timeout: float | None = None,
        count: int | None = None,
        event_type: Any = None,
        pages: int = 0,
        lost: Callable[[], int | None] | None = None,
    ) -> None:
        check_limits(timeout, count)
        self._core = core
        self._owner = owner
        self._events = EventType(core, event_type)
        self._timeout = None if timeout == float("inf") else timeout
        self._deadline: float | None = None
        self._left = count
        self._reader = RingReader()
        if pages:
            lost = self._reader.add_perf(core, pages).lost
        else:
            self._reader.add(core)
        self._count_lost = lost or _unknown
        self._lost_at_end: int | None = None
        self._source = Source(self._reader, 0, core, self._events)
        owner.add_dependent(self)

    @property
    def closed(self) -> bool:
        """Whether it has ended, or was closed."""
        return self._reader.closed

    @property
    def lost(self) -> int | None:
        """How many events found no room so far; None where nobody counts them.

        A ring buffer's are counted by the program, if at all (in its variable ``ebpf_lost_<map>``,
        which the typed Go package keeps), a perf buffer's by the kernel, which tells with the next
        event that fits. Once the stream is closed, what it was then.
        """
        return self._lost_at_end if self.closed else self._count_lost()

    def lost_on(self, cpu: int) -> int | None:
        """How many events of a CPU found no room in a perf buffer so far, as far as the kernel told.

        None of a ring buffer, which all CPUs share.
        """
        from tinybpf.libbpf._perf import checked_cpu

        return None if self._core.perf is None else self._core.perf.lost(checked_cpu(cpu))

    def epoll_fd(self) -> int:
        """A descriptor that is readable when there are events, for select, epoll or an event loop."""
        self._sources_now()
        return self._reader.fd

    def fileno(self) -> int:
        """The same as `epoll_fd`."""
        return self.epoll_fd()

    def __iter__(self) -> Iterator[E]:
        """The events; what `next` on the stream gives, faster."""
        take, decode, reader = self._core.pending.popleft, self._events.decode, self._reader
        while (record := self._next_record()) is not None:
            yield decode(record)
            for _ in range(CLOCK_EVERY):
                if reader.closed or self._left == 0:
                    break
                try:
                    record = take()
                except IndexError:
                    break
                if self._left is not None:
                    self._left -= 1
                yield decode(record)
        self.close()

    def __next__(self) -> E:
        record = self._next_record()
        if record is None:
            self.close()
            raise StopIteration
        return self._events.decode(record)  # type: ignore[no-any-return]

    async def __aiter__(self) -> AsyncIterator[E]:
        """The events as they come, without blocking the event loop. A task that is cancelled while it
        waits takes nothing with it; the stream can be read on."""
        from tinybpf.libbpf._async import wait_async

        while True:
            record = self._next_record(wait=False)
            if record is not None:
                yield self._events.decode(record)
            elif not self._goes_on() or not await wait_async(self._reader, self._rest()):
                break
        self.close()

    def _goes_on(self) -> bool:
        rest = self._rest()
        return self._left != 0 and not self._reader.closed and (rest is None or rest > 0)

    def _rest(self) -> float | None:
        """Seconds that are left; the time begins when this is asked first."""
        if self._timeout is None:
            return None
        if self._deadline is None:
            self._deadline = time.monotonic() + self._timeout
        return self._deadline - time.monotonic()

    def _next_record(self, wait: bool = True) -> bytes | None:
        """The next record, or None when time or count are over, or the stream is closed.

        Without ``wait`` also where there is none.
        """
        pending, reader = self._core.pending, self._reader
        while self._left != 0 and not reader.closed:
            rest = self._rest()
            if rest is not None and rest <= 0:
                return None
            if pending or reader.fill(0, self._core, BATCH_RECORDS):
                try:
                    record = pending.popleft()
                except IndexError:
                    continue  # another stream was faster
                if self._left is not None:
                    self._left -= 1
                return record
            if not wait or not reader.wait(rest):
                return None
        return None

    def _sources_now(self) -> list[Source]:
        if self._reader.closed:
            raise closed_error("stream", self._core.name)
        return [self._source]

    def _limit(self, most: int | None) -> int | None:
        limit = super()._limit(most)
        if self._left is None:
            return limit
        return self._left if limit is None else min(limit, self._left)

    def _took(self, count: int) -> None:
        if self._left is not None:
            self._left -= count

    def _lost_of(self, source: Source) -> int | None:
        return self.lost

    def close(self) -> None:
        """End the stream. Events that were not taken stay for the next one. Idempotent."""
        if not self._reader.closed:
            with suppress(BpfError):
                self._lost_at_end = self._count_lost()
        self._reader.close()
        self._owner.drop_dependent(self)

    def __enter__(self) -> EventStream[E]:
        return self

    def __exit__(self, *reason: object) -> None:
        self.close()

    def __repr__(self) -> str:
        parts = [f"<EventStream of '{self._core.name}'"]
        if self._timeout is not None:
            parts.append(f"timeout={self._timeout:g}")
        if self._left is not None:
            parts.append(f"left={self._left}")
        return " ".join(parts) + (" closed>" if self.closed else ">")


def check_limits(timeout: float | None, count: int | None) -> None:
    """``TypeError`` or ``ValueError`` where these cannot limit a stream."""
    if timeout is not None and (isinstance(timeout, bool) or not isinstance(timeout, (int, float))):
        raise TypeError(f"timeout must be a number of seconds, not {type(timeout).__name__}")
    if timeout is not None and timeout != timeout:
        raise ValueError("timeout must be a number of seconds, not nan")
    if timeout is not None and timeout < 0:
        raise ValueError(f"timeout must not be negative: {timeout}")
    if count is not None and (isinstance(count, bool) or not isinstance(count, int)):
        raise TypeError(f"count must be a whole number, not {type(count).__name__}")
    if count is not None and count < 0:
        raise ValueError(f"count must not be negative: {count}")


def _unknown() -> None:
    return None
