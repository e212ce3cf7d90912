"""Records from user space to a program: ``obj.user_ring_buffer("commands").write(...)``."""

from __future__ import annotations

import errno
import select
import time
from _weakref import ref
from typing import TYPE_CHECKING, Any

from tinybpf.errors import BpfError, BtfValidationError
from tinybpf.libbpf._check import attempt, error_from
from tinybpf.libbpf._handle import closed_error
from tinybpf.libbpf._lib import ffi, lib
from tinybpf.libbpf._mapcore import core_of
from tinybpf.libbpf._ring import require_type
from tinybpf.libbpf.enums import BpfMapType
from tinybpf.libbpf.stream import check_limits

if TYPE_CHECKING:
    from types import TracebackType

    from tinybpf.libbpf._mapcore import MapCore
    from tinybpf.libbpf.codec import Codec
    from tinybpf.libbpf.map import BpfMap

SLICE_MS = 100  # after which a wait looks whether it was closed
_HINTS = {
    errno.E2BIG: "a record takes 8 bytes more than its size, and the map has max_entries bytes",
    errno.ENOSPC: "no program has drained it; timeout= waits until one does",
}


class UserRingBuffer:
    """Writes records into a user ring buffer map, which a program takes with ``bpf_user_ringbuf_drain``.

    ``record_type`` is the name of a struct of the object, a class from BTF, a ``ctypes`` structure, or
    None for bytes of any size. Any thread may write; records arrive in the order of their reservation,
    and one that is neither submitted nor discarded holds up all behind it. Closing the object closes
    it. Kernel 6.1 or later.
    """

    def __init__(self, map: BpfMap[Any, Any], *, record_type: Any = None) -> None:
        core = core_of(map)
        what = f"write user ring buffer '{core.name}'"
        require_type(what, core, BpfMapType.USER_RINGBUF)
        self._core = core
        self._codec = _codec(core, record_type)
        self._open: dict[int, ref[Reservation]] = {}
        _held, fd = core.held(), core.require()
        self._ring: Any = attempt(what, lib.user_ring_buffer__new, fd, ffi.NULL)
        if core.owner is not None:
            core.owner.add_dependent(self)

    @property
    def closed(self) -> bool:
        """Whether it was closed."""
        return bool(self._ring == ffi.NULL)

    def write(self, value: Any, *, timeout: float | None = 0) -> None:
        """Hand over one record: a value of the record type (also as dict or dataclass), or bytes.

        Where there is no room it waits up to ``timeout`` seconds (None: as long as it takes), and is
        then `BpfError` with ``ENOSPC``; a record larger than the map is one with ``E2BIG``.
        """
        data = self._encode(value)
        with self.reserve(len(data), timeout=timeout) as record:
            record.data[:] = data

    def reserve(self, size: int | None = None, *, timeout: float | None = 0) -> Reservation:
        """Room for one record of ``size`` bytes (by default the record type's), to be filled in.

        ``with ring.reserve(16) as record: record.data[:4] = …`` submits it at the end, and discards it
        where an exception ends the block. Waits and errors as for `write`.
        """
        if size is None and self._codec is None:
            raise TypeError("reserve needs a size: this buffer has no record type")
        wanted = self._codec.size if size is None and self._codec is not None else size
        if isinstance(wanted, bool) or not isinstance(wanted, int):
            raise TypeError(f"size must be a number of bytes, not {type(wanted).__name__}")
        if not 0 <= wanted < 1 << 32:
            raise ValueError(f"size must be a number of bytes from 0: {wanted}")
        check_limits(timeout, None)
        return self._reserve(wanted, timeout)

    def close(self) -> None:
        """Discard what is reserved and not submitted, and end it. Idempotent."""
        with self._core.drain_lock:
            for known in list(self._open.values()):
                reservation = known()
                if reservation is not None:
                    reservation.discard()
            ring, self._ring = self._ring, ffi.NULL
            if ring != ffi.NULL:
                lib.user_ring_buffer__free(ring)
        if self._core.owner is not None:
            self._core.owner.drop_dependent(self)

    def _reserve(self, size: int, timeout: float | None) -> Reservation:
        deadline = None if timeout is None else time.monotonic() + timeout
        what = f"reserve {size} bytes in user ring buffer '{self._core.name}'"
        while True:
            with self._core.drain_lock:  # libbpf takes one at a time
                self._require()
                pointer = lib.user_ring_buffer__reserve(self._ring, size)
                if pointer != ffi.NULL:
                    return Reservation(self, pointer, size)
                code = ffi.errno
            left = SLICE_MS if deadline is None else int((deadline - time.monotonic()) * 1000 + 0.999)
            if code != errno.ENOSPC or left <= 0:
                raise error_from(what, code, None, _HINTS)
            self._wait(min(left, SLICE_MS))

    def _wait(self, timeout_ms: int) -> None:
        """Until there may be room; the kernel wakes up writers when a program has drained."""
        poll = select.poll()
        _held, fd = self._core.held(), self._core.require()
        poll.register(fd, select.POLLOUT)
        poll.poll(timeout_ms)

    def _encode(self, value: Any) -> bytes:
        if self._codec is not None:
            return self._codec.encode(value)
        try:
            return memoryview(value).tobytes()
        except TypeError:
            hint = "give the buffer a record_type"
            raise TypeError(f"{value!r} ({type(value).__name__}) is no bytes; {hint}") from None

    def _end(self, pointer: Any, data: bytearray | None) -> None:
        """Submit the data, or discard the room."""
        with self._core.drain_lock:
            self._require()
            self._open.pop(int(ffi.cast("uintptr_t", pointer)), None)
            if data is None:
                lib.user_ring_buffer__discard(self._ring, pointer)
            else:
                ffi.memmove(pointer, data, len(data))
                lib.user_ring_buffer__submit(self._ring, pointer)

    def _require(self) -> None:
        if self.closed:
            raise closed_error("user ring buffer", self._core.name)
        self._core.require()

    def __enter__(self) -> UserRingBuffer:
        self._require()
        return self

    def __exit__(self, *reason: object) -> None:
        self.close()

    def __del__(self) -> None:
        if ffi is not None and getattr(self, "_ring", ffi.NULL) != ffi.NULL:  # None at Python's end
            self.close()

    def __repr__(self) -> str:
        return f"<UserRingBuffer '{self._core.name}'{' closed' if self.closed else ''}>"


class Reservation:
    """Room for a record. ``data`` is a bytearray that becomes the record when it is submitted."""

    def __init__(self, ring: UserRingBuffer, pointer: Any, size: int) -> None:
        self.data = bytearray(size)
        self._size = size
        self._ring = ring
        self._pointer: Any = pointer
        ring._open[int(ffi.cast("uintptr_t", pointer))] = ref(self)

    def submit(self) -> None:
        """Hand it to the program. `BpfError` where that, or `discard`, was done before.

        ``ValueError`` where ``data`` has another size now.
        """
        if len(self.data) != self._size:
            raise ValueError(f"{len(self.data)} bytes given, {self._size} were reserved")
        self._end(self.data)

    def discard(self) -> None:
        """Give the room back; the program does not see it. After `submit`, or again, nothing happens."""
        if self._pointer is not None:
            self._end(None)

    def _end(self, data: bytearray | None) -> None:
        with self._ring._core.drain_lock:
            pointer, self._pointer = self._pointer, None
            if pointer is None:
                raise BpfError("the reserved record was submitted or discarded before")
            self._ring._end(pointer, data)

    def __enter__(self) -> Reservation:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            self.discard()
        elif self._pointer is not None:
            self._finish()

    def _finish(self) -> None:
        try:
            self.submit()
        except ValueError:
            self.discard()
            raise

    def __del__(self) -> None:
        if getattr(self, "_pointer", None) is not None and not self._ring.closed:
            self.discard()


def _codec(core: MapCore, record_type: Any) -> Codec | None:
    from tinybpf.libbpf._events import size_of
    from tinybpf.libbpf.codec import codec_for, codec_for_python

    btf, event = core.types.btf, core.types.event
    if isinstance(record_type, str):
        found = None if btf is None else btf.find(record_type)
        if btf is None or found is None:
            raise BtfValidationError(f"the object's BTF has no type '{record_type}'")
        return codec_for(btf, found, btf.size_of(found))
    if record_type is not None and record_type is not bytes:
        return codec_for_python(record_type, size_of(record_type))
    if record_type is None and btf is not None and event is not None:
        return codec_for(btf, event, btf.size_of(event))
    return None
