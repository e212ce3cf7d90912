"""`BpfPerfBuffer`: a perf event array that is polled, with a callback for each sample."""

from __future__ import annotations

import sys
from _weakref import ref
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from typing import Any, Generic, NamedTuple, TypeVar, overload

from tinybpf.errors import BpfError
from tinybpf.libbpf._events import EventType, validate_event_type
from tinybpf.libbpf._handle import closed_error
from tinybpf.libbpf._lib import ffi, lib
from tinybpf.libbpf._mapcore import core_of, possible_cpus
from tinybpf.libbpf._perf import check_pages, checked_cpu
from tinybpf.libbpf._polled import MOST_BATCHES, PolledBuffer
from tinybpf.libbpf._ring import BATCH_RECORDS, RingReader
from tinybpf.libbpf._source import Source
from tinybpf.libbpf.map import BpfMap

T = TypeVar("T")

UNKNOWN_CPU = -1


class PerfSample(NamedTuple):
    """What iteration over a perf buffer gives: the CPU that the sample came from (-1 where nobody knows
    any more), and the event."""

    cpu: int
    data: Any


class _Reader(RingReader):
    """Drains through the buffer, which keeps the CPUs."""

    def __init__(self, buffer: BpfPerfBuffer[Any]) -> None:
        super().__init__()
        self._buffer = ref(buffer)  # it holds the reader

    def look(self) -> bool:
        buffer = self._buffer()
        return buffer is not None and buffer._fill()


class BpfPerfBuffer(PolledBuffer, Generic[T]):
    """Samples of a perf event array, handed to ``sample_callback(cpu, data)`` by `poll` or `consume`.

    Without a callback they are queued, and iteration takes them as `PerfSample`; ``async for`` polls
    by itself. `drain`, `read_into` and `as_array` take many at once.

    None or a number from 0 goes on, a negative one stops the poll, an exception stops it and is
    raised from `poll`. Samples that a stop left over are delivered next time.
    ``lost_callback(cpu, count)`` is told how many samples of a CPU found no room; what it returns
    does not matter. A callback may close the buffer, or its object.

    ``page_count`` is a power of two, for each CPU; who reads the map first settles it. ``event_type``
    is a ``ctypes`` structure, a class from BTF, or bytes, which have the kernel's padding of up to 7
    bytes behind them. The CPU of a sample that a stream of the same map had taken and not delivered
    is -1. Kernel 4.4 or later.
    """

    @overload
    def __init__(
        self: BpfPerfBuffer[bytes],
        map: BpfMap[Any, Any],
        sample_callback: Callable[[int, bytes], Any] | None = None,
        lost_callback: Callable[[int, int], Any] | None = None,
        page_count: int = 8,
        *,
        validate_btf_struct: str | None = None,
        validate_field_names: bool = True,
    ) -> None: ...
    @overload
    def __init__(
        self: BpfPerfBuffer[Any],
        map: BpfMap[Any, Any],
        sample_callback: Callable[[int, Any], Any] | None = None,
        lost_callback: Callable[[int, int], Any] | None = None,
        page_count: int = 8,
        *,
        event_type: None,
        validate_btf_struct: str | None = None,
        validate_field_names: bool = True,
    ) -> None: ...
    @overload
    def __init__(
        self,
        map: BpfMap[Any, Any],
        sample_callback: Callable[[int, T], Any] | None = None,
        lost_callback: Callable[[int, int], Any] | None = None,
        page_count: int = 8,
        *,
        event_type: type[T],
        validate_btf_struct: str | None = None,
        validate_field_names: bool = True,
    ) -> None: ...
    def __init__(
        self,
        map: BpfMap[Any, Any],
        sample_callback: Callable[[int, Any], Any] | None = None,
        lost_callback: Callable[[int, int], Any] | None = None,
        page_count: int = 8,
        *,
        event_type: Any = bytes,
        validate_btf_struct: str | None = None,
        validate_field_names: bool = True,
    ) -> None:
        for name, callback in (("sample_callback", sample_callback), ("lost_callback", lost_callback)):
            if callback is not None and not callable(callback):
                raise TypeError(f"{name} must be callable, not {type(callback).__name__}")
        core = core_of(map)
        if validate_btf_struct is not None:
            validate_event_type(core, event_type, validate_btf_struct, validate_field_names)
        self._core = core
        self._events = EventType(core, event_type)
        self._on_sample, self._on_lost = sample_callback, lost_callback
        self._queue: deque[PerfSample] = deque()
        self._samples: deque[tuple[int, bytes]] = deque()
        self._reader = _Reader(self)
        try:
            self._buffers = self._reader.add_perf(core, check_pages(page_count))
        except BaseException:
            self._reader.close()
            raise
        self._source = Source(self._reader, 0, core, self._events)
        self._told = [self._buffers.lost(cpu) for cpu in range(possible_cpus())]
        if core.owner is not None:
            core.owner.add_dependent(self)

    def _is_pending(self) -> bool:
        return bool(self._samples or self._core.pending)

    def lost(self, cpu: int | None = None) -> int:
        """How many samples found no room so far, on all CPUs or on one, as far as the kernel told.

        Of one CPU it tells with the next sample that fits.
        """
        self._require()
        return self._buffers.lost() if cpu is None else self._buffers.lost(checked_cpu(cpu))

    def _deliver(self, most: int | None = None) -> int:
        handled, limit = 0, sys.maxsize if most is None else most
        for _ in range(MOST_BATCHES):
            count, stopped = self._empty(limit - handled)
            handled += count
            if stopped or handled >= limit or not self._fill():
                break
        if not self._reader.closed:
            self._tell_lost()
        return handled

    def _fill(self) -> bool:
        """Take a batch from all CPUs; whether there is anything."""
        core, samples = self._core, self._samples
        with core.drain_lock:
            # what another reader drained and left: nobody knows any more from which CPU
            with suppress(IndexError):
                while True:
                    samples.append((UNKNOWN_CPU, core.pending.popleft()))
            records = self._reader.records(0, core, BATCH_RECORDS)
            samples.extend(zip(self._cpus(len(records)), records, strict=True))
        return bool(samples)

    def _cpus(self, count: int) -> list[int]:
        """The CPU of each of the records that were drained last."""
        runs, pointer = ffi.new("const struct tb_run **"), self._buffers.pointer
        cpus: list[int] = []
        if pointer != ffi.NULL and count:
            for index in range(lib.tb_perf_runs(pointer, runs)):
                run = runs[0][index]
                cpus += [run.cpu] * (run.end - len(cpus))
        return cpus + [UNKNOWN_CPU] * (count - len(cpus))

    def _empty(self, most: int) -> tuple[int, bool]:
        """Deliver what was drained; how many, and whether that is the end."""
        samples, convert, reader = self._samples, self._events.decode, self._reader
        queue, count = self._queue, 0
        deliver = self._on_sample or (lambda cpu, data: queue.append(PerfSample(cpu, data)))
        while samples and count < most:
            cpu, record = samples.popleft()
            count += 1
            answer: Any = deliver(cpu, convert(record))
            if reader.closed or (isinstance(answer, int) and answer < 0):
                return count, True
        return count, False

    def __iter__(self) -> Iterator[PerfSample]:
        """What was polled and not taken yet; only without a callback."""
        self._require_iteration()
        return self._take()

    def _take(self) -> Iterator[PerfSample]:
        while self._queue:
            yield self._queue.popleft()

    def __aiter__(self) -> AsyncIterator[PerfSample]:
        """Samples as they come, until the buffer is closed, by whatever task or thread; without callback."""
        self._require_iteration()
        return self._come()

    async def _come(self) -> AsyncIterator[PerfSample]:
        while True:
            while self._queue:
                yield self._queue.popleft()
            if not await self._more():
                return

    def _require_iteration(self) -> None:
        self._require()
        if self._on_sample is not None:
            raise BpfError("a perf buffer with a callback cannot be iterated: the callback gets the samples")

    def _sources_now(self) -> list[Source]:
        self._require()
        return [self._source]

    def _before(self) -> None:
        """Records that wait for delivery go back to the others, in front."""
        with self._core.drain_lock:
            self._core.pending.extendleft(record for _, record in reversed(self._samples))
            self._samples.clear()

    def _lost_of(self, source: Source) -> int | None:
        return self.lost()

    def _tell_lost(self) -> None:
        if self._on_lost is None:
            return
        for cpu, told in enumerate(self._told):
            lost = self._buffers.lost(cpu)
            if lost > told:
                self._told[cpu] = lost
                self._on_lost(cpu, lost - told)
                if self._reader.closed:
                    return

    def close(self) -> None:
        self._reader.close()
        if self._core.owner is not None:
            self._core.owner.drop_dependent(self)

    def _require(self, maps: bool = True) -> None:
        if self._reader.closed:
            raise closed_error("perf buffer", self._core.name)
        self._core.require()

    def __repr__(self) -> str:
        return f"<BpfPerfBuffer of '{self._core.name}'{' closed' if self._reader.closed else ''}>"
