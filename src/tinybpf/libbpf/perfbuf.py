"""`BpfPerfBuffer`: a perf event array that is polled, with a callback for each sample."""

from __future__ import annotations

from _weakref import ref
from collections import deque
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from tinybpf.libbpf._handle import closed_error
from tinybpf.libbpf._lib import ffi, lib
from tinybpf.libbpf._mapcore import possible_cpus
from tinybpf.libbpf._perf import check_pages
from tinybpf.libbpf._polled import MOST_BATCHES, PolledBuffer
from tinybpf.libbpf._ring import BATCH_RECORDS, RingReader
from tinybpf.libbpf.map import BpfMap
from tinybpf.libbpf.stream import event_decoder, validate_event_type

T = TypeVar("T")

UNKNOWN_CPU = -1


class _Reader(RingReader):
    """Drains through the buffer, which keeps the CPUs."""

    def __init__(self, buffer: BpfPerfBuffer[Any]) -> None:
        super().__init__()
        self._buffer = ref(buffer)  # it holds the reader

    def _look(self) -> bool:
        buffer = self._buffer()
        return buffer is not None and buffer._fill()


class BpfPerfBuffer(PolledBuffer, Generic[T]):
    """Samples of a perf event array, handed to ``sample_callback(cpu, data)`` by `poll` or `consume`.

    None or a number from 0 goes on, a negative one stops the poll, an exception stops it and is
    raised from `poll`. Samples that a stop left over are delivered next time.
    ``lost_callback(cpu, count)`` is told how many samples of a CPU found no room; what it returns
    does not matter. A callback may close the buffer, or its object.

    ``page_count`` is a power of two, for each CPU; who reads the map first settles it. ``event_type``
    is a ``ctypes`` structure, a class from BTF, or bytes, which have the kernel's padding of up to 7
    bytes behind them. The CPU of a sample that a stream of the same map had taken and not delivered
    is -1. Kernel 4.4 or later.
    """

    def __init__(
        self,
        map: BpfMap[Any, Any],
        sample_callback: Callable[[int, T], Any],
        lost_callback: Callable[[int, int], Any] | None = None,
        page_count: int = 8,
        *,
        event_type: Any = bytes,
        validate_btf_struct: str | None = None,
        validate_field_names: bool = True,
    ) -> None:
        for name, callback in (("sample_callback", sample_callback), ("lost_callback", lost_callback)):
            if not callable(callback) and (callback is not None or name == "sample_callback"):
                raise TypeError(f"{name} must be callable, not {type(callback).__name__}")
        core = map._core
        if validate_btf_struct is not None:
            validate_event_type(core, event_type, validate_btf_struct, validate_field_names)
        self._core = core
        self._convert = event_decoder(core, event_type)
        self._on_sample, self._on_lost = sample_callback, lost_callback
        self._samples: deque[tuple[int, bytes]] = deque()
        self._reader = _Reader(self)
        try:
            self._buffers = self._reader.add_perf(core, check_pages(page_count))
        except BaseException:
            self._reader.close()
            raise
        self._told = [self._buffers.lost(cpu) for cpu in range(possible_cpus())]
        if core.owner is not None:
            core.owner.add_dependent(self)

    def _is_pending(self) -> bool:
        return bool(self._samples or self._core.pending)

    def _deliver(self) -> int:
        handled = 0
        for _ in range(MOST_BATCHES):
            count, stopped = self._empty()
            handled += count
            if stopped or not self._fill():
                break
        if not self._reader.closed:
            self._tell_lost()
        return handled

    def _fill(self) -> bool:
        """Take a batch from all CPUs; whether there was one."""
        core = self._core
        with core.drain_lock:
            waiting = len(core.pending)
            if not self._reader.fill(0, core, BATCH_RECORDS) and not waiting:
                return False
            cpus = self._cpus(len(core.pending) - waiting)
            # what another reader drained and left: nobody knows any more from which CPU
            self._samples.extend((UNKNOWN_CPU, core.pending.popleft()) for _ in range(waiting))
            self._samples.extend((cpu, core.pending.popleft()) for cpu in cpus)
        return True

    def _cpus(self, count: int) -> list[int]:
        """The CPU of each of the records that were drained last."""
        runs = ffi.new("const struct tb_run **")
        cpus: list[int] = []
        for index in range(lib.tb_perf_runs(self._buffers.pointer, runs) if count else 0):
            run = runs[0][index]
            cpus += [run.cpu] * (run.end - len(cpus))
        return cpus

    def _empty(self) -> tuple[int, bool]:
        """Deliver what was drained; how many, and whether that is the end."""
        samples, convert, deliver, reader = self._samples, self._convert, self._on_sample, self._reader
        count = 0
        while samples:
            cpu, record = samples.popleft()
            count += 1
            answer = deliver(cpu, convert(record))
            if reader.closed or (isinstance(answer, int) and answer < 0):
                return count, True
        return count, False

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
