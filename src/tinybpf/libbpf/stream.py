"""Events of a ring or perf buffer as a stream: ``for event in obj.ring_buffer("events")``."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from tinybpf.errors import BpfError, BtfValidationError
from tinybpf.libbpf._mapcore import MapCore
from tinybpf.libbpf._ring import BATCH_RECORDS, RingReader, kind_of
from tinybpf.libbpf.enums import BpfMapType

if TYPE_CHECKING:
    from tinybpf.libbpf._handle import ObjectHandle

E = TypeVar("E")

CLOCK_EVERY = 128  # events between two looks at the clock


class EventStream(Iterator[E], Generic[E]):
    """Yields events as they come, until it is closed, or after a time or a count.

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
        self._decode = event_decoder(core, event_type)
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
        owner.add_dependent(self)

    @property
    def closed(self) -> bool:
        return self._reader.closed

    @property
    def lost(self) -> int | None:
        """How many events found no room so far; None where nobody counts them.

        A ring buffer's are counted by the program, if at all (in its variable ``ebpf_lost_<map>``,
        which the typed Go package keeps), a perf buffer's by the kernel, which tells with the next
        event that fits. Once the stream is closed, what it was then.
        """
        return self._lost_at_end if self.closed else self._count_lost()

    def __iter__(self) -> Iterator[E]:
        """The events; what `next` on the stream gives, faster."""
        pending, decode, reader = self._core.pending, self._decode, self._reader
        while (record := self._next_record()) is not None:
            yield decode(record)
            for _ in range(CLOCK_EVERY):
                if reader.closed or self._left == 0:
                    break
                try:
                    record = pending.popleft()
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
        return self._decode(record)  # type: ignore[no-any-return]

    def _next_record(self) -> bytes | None:
        """The next record, or None when time or count are over, or the stream is closed."""
        pending, reader = self._core.pending, self._reader
        if self._timeout is not None and self._deadline is None:
            self._deadline = time.monotonic() + self._timeout
        while self._left != 0 and not reader.closed:
            rest = None if self._deadline is None else self._deadline - time.monotonic()
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
            if not reader.wait(rest):
                return None
        return None

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


def event_decoder(core: MapCore, event_type: Any) -> Callable[[bytes], Any]:
    """What makes an event of a record's bytes.

    Without a type, the one that the object's BTF gives for the map; bytes where it gives none.
    """
    if event_type is bytes:
        return _raw
    from tinybpf.libbpf.codec import codec_for, codec_for_python

    if event_type is None:
        btf, type_id = core.types.btf, core.types.event
        if btf is None or type_id is None:
            return _raw
        type_size = btf.size_of(type_id)
        return _exactly(core, codec_for(btf, type_id, type_size).decode, type_size)
    size = getattr(event_type, "_size", None)
    if size is None:
        from ctypes import sizeof

        try:
            size = sizeof(event_type)
        except TypeError:
            raise TypeError(
                f"event_type must be a ctypes structure, a class from BTF or bytes, not {event_type!r}"
            ) from None
    return _exactly(core, codec_for_python(event_type, size).decode, size)


def _raw(record: bytes) -> bytes:
    return record


def _unknown() -> None:
    return None


def _exactly(core: MapCore, decode: Callable[[Any], Any], size: int) -> Callable[[bytes], Any]:
    """``decode`` for records of that size, and a perf buffer's padding taken off before."""
    kind = kind_of(core)
    padded = (size + 4 + 7 & ~7) - 4 if core.type is BpfMapType.PERF_EVENT_ARRAY else size

    def event(record: bytes) -> Any:
        try:
            return decode(record)
        except BpfError as error:
            raise BpfError(f"event of {kind} '{core.name}': {error}") from None

    def padded_event(record: bytes) -> Any:
        return event(record[:size] if len(record) == padded else record)

    return event if padded == size else padded_event


def validate_event_type(core: MapCore, event_type: Any, name: str, field_names: bool) -> None:
    """Check the user's type against the struct of that name in the object."""
    from tinybpf.libbpf.btf import BtfKind
    from tinybpf.libbpf.validate import validate_against_btf

    btf = core.types.btf
    type_id = None if btf is None else btf.find(name, BtfKind.STRUCT, BtfKind.UNION, BtfKind.TYPEDEF)
    if btf is None or type_id is None:
        raise BtfValidationError(
            f"the object's BTF has no struct '{name}'",
            ["a type that only local variables use is left out: declare a global variable of it"],
        )
    validate_against_btf(event_type, btf, type_id, field_names)
