"""A map as the kernel sees it: sizes, a descriptor, raw bytes in and out."""

from __future__ import annotations

import errno
from _thread import RLock
from collections import deque
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from tinybpf.errors import BpfError
from tinybpf.libbpf._check import ENOTSUPP as ENOTSUPP
from tinybpf.libbpf._check import Hints, error_from
from tinybpf.libbpf._handle import closed_error
from tinybpf.libbpf._lib import ffi, lib
from tinybpf.libbpf._objects import MapDescriptor
from tinybpf.libbpf.enums import ARRAY_TYPES, INDEXED, PERCPU_TYPES, BpfMapType

if TYPE_CHECKING:
    from tinybpf.libbpf._handle import Descriptor, ObjectHandle
    from tinybpf.libbpf._perf import PerfBuffers
    from tinybpf.libbpf._ringmap import RingMemory
    from tinybpf.libbpf.btf import Btf

_cpus = 0

OperationHints = Mapping[str, Hints]  # what to do about an errno, by the operation that failed


class MapTypes(NamedTuple):
    """Type ids of ``btf``; None where nothing is known."""

    btf: Btf | None = None
    key: int | None = None
    value: int | None = None
    event: int | None = None


UNTYPED = MapTypes()


def core_of(map: Any) -> MapCore:
    """The map behind what a user gave for one; ``TypeError`` where it is none."""
    core = getattr(map, "_core", None)
    if not isinstance(core, MapCore):
        raise TypeError(f"map must be a BpfMap, not {type(map).__name__}")
    return core


class MapCore(MapDescriptor):
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
        own: Descriptor | None = None,
    ) -> None:
        self.name = name
        self.type = type_
        self.key_size, self.value_size, self.max_entries = sizes
        super().__init__(fd)
        self.owner = owner
        self._own = own  # of one that stands alone
        self.pointer = pointer
        self.is_percpu = type_ in PERCPU_TYPES
        self.is_array = type_ in ARRAY_TYPES
        self.cpus = possible_cpus() if self.is_percpu else 1
        self.stride = (self.value_size + 7) & ~7 if self.is_percpu else self.value_size
        self._find_types = find_types
        self._types: MapTypes | None = None
        self.hints: OperationHints = {}  # what its kind of map knows about errors, by operation
        # Records that were drained and not delivered yet, and who may drain: see _ring.py.
        self.pending: deque[bytes] = deque()
        self.drain_lock = RLock()
        self.arena: memoryview | None = None  # of one that stands alone, once it is mapped
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

    def held(self) -> Any:
        """As long as somebody has this, the descriptor stays open, whoever closes the map or its object."""
        kept = self._own if self.owner is None else self.owner.pointer
        if kept is None:
            raise closed_error("map", self.name)
        return kept

    def lookup(self, key: bytes, decode: Callable[[Any], Any]) -> Any:
        """What ``decode`` makes of the value's bytes, which it has to copy, or None."""
        value = ffi.new("char[]", self.room)
        result = lib.bpf_map_lookup_elem(self.fd, key, value)
        if result == 0:
            return decode(ffi.buffer(value))
        if result == -errno.ENOENT:
            return None
        raise self.fail("look up in", result)

    def update(self, key: bytes, value: bytes, flags: int) -> None:
        result = lib.bpf_map_update_elem(self.fd, key, value, flags)
        if result < 0:
            raise self.fail("update", result)

    def fail(self, verb: str, result: int, done: int = -1) -> BpfError:
        """The exception for a failed operation on this map, after ``done`` of many entries.

        What comes of it depends on the kind of map: see ``hints``.
        """
        if self.fd < 0:
            return closed_error("map", self.name)
        what = f"{verb} map '{self.name}'" + (f", after {done} entries," if done > 0 else "")
        full = errno.ENOSPC if self.type is BpfMapType.LPM_TRIE else errno.E2BIG
        hints: Hints = {**_HINTS.get(verb, {}), full: self._too_many}
        if self.type in _OF_CGROUPS and verb == "delete from":
            hints = {errno.EINVAL: "a value goes with its cgroup, or with the program that the map is for"}
        return error_from(what, -result, None, {**hints, **self.hints.get(verb, {})})

    def _too_many(self) -> str:
        if self.type in INDEXED:
            return f"no such index: the map's indexes are 0 to {self.max_entries - 1}"
        return f"the map is full: it has {self.max_entries} entries"

    def close(self) -> None:
        """No use after this. What runs in other threads goes on, with a descriptor of its own."""
        self.fd = -1
        self.pointer = self.arena = self._own = None
        with self.drain_lock:
            for memory in (self.perf, self.ring):
                if memory is not None:
                    memory.close()


_OF_CGROUPS = (BpfMapType.CGROUP_STORAGE, BpfMapType.PERCPU_CGROUP_STORAGE)
_HINTS: OperationHints = {
    "update": {
        errno.EEXIST: "the key is there already, and the flags forbid replacing it",
        errno.ENOENT: "the key is not there, and the flags forbid creating it",
        errno.EINVAL: "this kind of map does not take such flags, or no updates from user space",
        errno.EBUSY: "a program that holds the entry's lock was interrupted on this CPU: try again",
        errno.ENOMEM: "the kernel has no memory for another entry",
        errno.EPERM: "the map is frozen, or read-only for user space",
    },
    "delete from": {
        errno.EINVAL: "an array's entries cannot be deleted",
        errno.EPERM: "the map is frozen, or read-only for user space",
    },
    "look up in": {errno.EPERM: "the map is write-only for user space"},
    "iterate over": {errno.EPERM: "the map is write-only for user space"},
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
