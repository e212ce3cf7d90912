"""A map as the kernel sees it: sizes, a descriptor, raw bytes in and out."""

from __future__ import annotations

import errno
from _thread import RLock
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from tinybpf.errors import BpfError
from tinybpf.libbpf._check import Hints, error_from
from tinybpf.libbpf._handle import closed_error
from tinybpf.libbpf._lib import ffi, lib
from tinybpf.libbpf.enums import ARRAY_TYPES, PERCPU_TYPES, BpfMapType

if TYPE_CHECKING:
    from tinybpf.libbpf._handle import ObjectHandle
    from tinybpf.libbpf._perf import PerfBuffers
    from tinybpf.libbpf._ringmap import RingMemory
    from tinybpf.libbpf.btf import Btf

_bpf_lookup = lib.bpf_map_lookup_elem
_new = ffi.new
_ENOENT = errno.ENOENT
_cpus = 0


class MapTypes(NamedTuple):
    """Type ids of ``btf``; None where nothing is known."""

    btf: Btf | None = None
    key: int | None = None
    value: int | None = None
    event: int | None = None


UNTYPED = MapTypes()


class MapCore:
    """What all views of one map share.

    ``fd`` is -1 once closed: the kernel then says EBADF, and `fail` says "closed".
    """

    def __init__(
        self,
        name: str,
        type_: BpfMapType,
        sizes: tuple[int, int, int],
        fd: int,
        *,
        owner: ObjectHandle | None = None,
        pointer: Any = None,
        find_types: Callable[[], MapTypes] | None = None,
    ) -> None:
        self.name = name
        self.type = type_
        self.key_size, self.value_size, self.max_entries = sizes
        self.fd = fd
        self.owner = owner
        self.pointer = pointer
        self.is_percpu = type_ in PERCPU_TYPES
        self.is_array = type_ in ARRAY_TYPES
        self.cpus = possible_cpus() if self.is_percpu else 1
        self.stride = (self.value_size + 7) & ~7 if self.is_percpu else self.value_size
        self._find_types = find_types
        self._types: MapTypes | None = None
        self._slots: list[tuple[Any, Any]] = []  # room for values, to be used again
        # Records that were drained and not delivered yet, and who may drain: see _ring.py.
        self.pending: deque[bytes] = deque()
        self.drain_lock = RLock()
        self.perf: PerfBuffers | None = None  # a perf event array's, once somebody reads it
        self.ring: RingMemory | None = None  # a ring buffer's

    @property
    def types(self) -> MapTypes:
        """What is known of its types, found out when first asked for."""
        if self._types is None:
            self.require()
            self._types = UNTYPED if self._find_types is None else self._find_types()
            self._find_types = None
        return self._types

    @property
    def room(self) -> int:
        """Bytes that the kernel reads or writes for one value, all CPUs' together."""
        return self.stride * self.cpus

    def require(self) -> int:
        """The descriptor; `BpfError` once closed."""
        if self.fd < 0:
            raise closed_error("map", self.name)
        return self.fd

    def lookup(self, key: bytes, decode: Callable[[Any], Any]) -> Any:
        """What ``decode`` makes of the value's bytes, which it has to copy, or None."""
        try:
            slot = self._slots.pop()  # one for each call that runs at the same time
        except IndexError:
            value = _new("char[]", self.room)
            slot = (value, ffi.buffer(value))
        result = _bpf_lookup(self.fd, key, slot[0])
        if result == 0:
            found = decode(slot[1])
            self._slots.append(slot)
            return found
        self._slots.append(slot)
        if result == -_ENOENT:
            return None
        raise self.fail("look up in", result)

    def update(self, key: bytes, value: bytes, flags: int) -> None:
        result = lib.bpf_map_update_elem(self.fd, key, value, flags)
        if result < 0:
            raise self.fail("update", result, _UPDATE_HINTS)

    def delete(self, key: bytes) -> bool:
        result = lib.bpf_map_delete_elem(self.fd, key)
        if result == -errno.ENOENT:
            return False
        if result < 0:
            raise self.fail("delete from", result, {errno.EINVAL: "an array's entries cannot be deleted"})
        return True

    def next_key(self, key: bytes | None) -> bytes | None:
        """The key after ``key`` (the first for None), or None at the end."""
        following = _new("char[]", self.key_size)
        result = lib.bpf_map_get_next_key(self.fd, ffi.NULL if key is None else key, following)
        if result == 0:
            return bytes(ffi.buffer(following))
        if result == -errno.ENOENT:
            return None
        raise self.fail("iterate over", result)

    def fail(self, verb: str, result: int, hints: Hints | None = None) -> BpfError:
        """The exception for a failed operation on this map."""
        if self.fd < 0:
            return closed_error("map", self.name)
        return error_from(f"{verb} map '{self.name}'", -result, None, hints)

    def close(self) -> None:
        self.fd = -1
        self.pointer = None
        with self.drain_lock:
            for memory in (self.perf, self.ring):
                if memory is not None:
                    memory.close()


_UPDATE_HINTS = {
    errno.E2BIG: "the map is full, or the array has no such index",
    errno.EEXIST: "the key is there already, and the flags forbid replacing it",
    errno.ENOENT: "the key is not there, and the flags forbid creating it",
    errno.EPERM: "the map is frozen, or read-only for user space",
}


def possible_cpus() -> int:
    """How many values a per-CPU map has for each key."""
    global _cpus
    if not _cpus:
        _cpus = lib.libbpf_num_possible_cpus()
        if _cpus < 0:
            code, _cpus = -_cpus, 0
            raise error_from("count the possible CPUs", code, None)
    return _cpus
