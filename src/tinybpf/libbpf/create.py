"""Maps that are made without an object."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tinybpf.errors import BpfError, UnsupportedError
from tinybpf.libbpf import _hints, btf_writer
from tinybpf.libbpf._check import ENOTSUPP, error_from
from tinybpf.libbpf._handle import Descriptor
from tinybpf.libbpf._lib import ffi, lib, mark_used
from tinybpf.libbpf._mapcore import MapCore, MapTypes
from tinybpf.libbpf._settings import number
from tinybpf.libbpf.btf import Btf
from tinybpf.libbpf.enums import ARRAY_TYPES, BpfMapType

if TYPE_CHECKING:
    from tinybpf.libbpf.map import BpfMap

NO_PREALLOC = 1  # BPF_F_NO_PREALLOC

_T = BpfMapType
_KEYLESS = frozenset({_T.QUEUE, _T.STACK, _T.BLOOM_FILTER, _T.RINGBUF, _T.USER_RINGBUF, _T.ARENA})
_VALUELESS = frozenset({_T.RINGBUF, _T.USER_RINGBUF, _T.ARENA})
_STORAGE = frozenset({_T.SK_STORAGE, _T.INODE_STORAGE, _T.TASK_STORAGE, _T.CGRP_STORAGE})
_REFERENCES = frozenset(
    {
        *(_T.PROG_ARRAY, _T.PERF_EVENT_ARRAY, _T.CGROUP_ARRAY, _T.ARRAY_OF_MAPS, _T.HASH_OF_MAPS),
        *(_T.DEVMAP, _T.DEVMAP_HASH, _T.CPUMAP, _T.XSKMAP),
    }
)
_SOCKETS = frozenset({_T.SOCKMAP, _T.SOCKHASH, _T.REUSEPORT_SOCKARRAY})
# Kinds whose creation refuses types; what Python knows of them stays.
_WITHOUT_BTF = _REFERENCES | _SOCKETS | _VALUELESS | {_T.STACK_TRACE, _T.QUEUE, _T.STACK}
_FLAGS = dict.fromkeys((*_STORAGE, _T.LPM_TRIE), NO_PREALLOC) | {_T.ARENA: 1 << 10}  # which it must have


def create_map(
    type: BpfMapType | str,
    *,
    key: Any = None,
    value: Any = None,
    max_entries: int = 0,
    name: str = "",
    flags: int = 0,
    inner: BpfMap[Any, Any] | None = None,
    extra: int = 0,
) -> BpfMap[Any, Any]:
    """Make a map that belongs to no object: ``create_map("hash", key="u32", value="u64", max_entries=1024)``.

    ``type`` is a `BpfMapType` or its name. ``key`` and ``value`` describe types: a name (``"u32"``,
    ``"s64"``, ``"f64"``, ``"char[16]"``), a number of bytes, a ``ctypes`` type, or a dataclass with fields
    of these (``Annotated[int, "u32"]``). Where the kind of map leaves no choice they can be left out. The
    kernel gets them as BTF, so that whoever opens the map by a pin or its id has the types, too.

    ``max_entries`` counts entries, in a ring buffer bytes, in an arena pages. ``inner`` is the pattern for
    the maps in a map of maps, ``extra`` the kind's own number (``map_extra``: hash functions of a bloom
    filter). Flags that a kind must have are set.

    The map lasts until it is closed, or nobody holds it, unless it is pinned. Wrong arguments are
    ``TypeError`` or ``ValueError``; `UnsupportedError` names the version of Linux that brought the type.
    """
    kind = _kind(type)
    if not isinstance(name, str) or "\0" in name:
        raise TypeError(f"name must be the name of a map, not {name!r}")
    flags, extra = number("flags", flags), number("extra", extra, most=(1 << 64) - 1)
    key, value = _defaults(kind, key, value)
    described = btf_writer.describe(key, value)
    shape = (*described.sizes, _entries(kind, max_entries))
    own = Descriptor(_create(kind, name, shape, flags | _FLAGS.get(kind, 0), inner, extra, (key, value)))

    def types() -> MapTypes:
        return MapTypes(Btf(described.raw), described.key, described.value)

    core = MapCore(name or kind.name.lower(), kind, shape, own.number, find_types=types, own=own)
    return _view(core, key, value)


def _view(core: MapCore, key: Any, value: Any) -> BpfMap[Any, Any]:
    """The map with the user's own classes for keys and values, where they were given as classes."""
    from tinybpf.libbpf.map import map_of

    made = map_of(core)
    classes: dict[str, Any] = {
        which: described
        for which, described in (("key", key), ("value", value))
        if not isinstance(described, (str, int, type(None)))
    }
    return made.typed(**classes) if classes else made


def _kind(type: BpfMapType | str) -> BpfMapType:
    if not isinstance(type, str):
        return BpfMapType(number("type", type))
    try:
        return BpfMapType[type.upper()]
    except KeyError:
        names = ", ".join(kind.name.lower() for kind in BpfMapType if kind.value)
        raise ValueError(f"there is no type of map '{type}'; there is: {names}") from None


def _defaults(kind: BpfMapType, key: Any, value: Any) -> tuple[Any, Any]:
    """The types that the kind of map has anyway; ``TypeError`` where one is needed or has no place."""
    if kind in _KEYLESS and key is not None:
        raise TypeError(f"a {kind.name} has no keys")
    if kind in _VALUELESS and value is not None:
        raise TypeError(f"a {kind.name} has no values")
    if key is None and kind not in _KEYLESS:
        if kind in (_T.HASH, _T.LRU_HASH, _T.PERCPU_HASH, _T.LRU_PERCPU_HASH, _T.LPM_TRIE, _T.SOCKHASH):
            raise TypeError(f"a {kind.name} needs a key, such as key='u32'")
        key = "s32" if kind in _STORAGE else "u32"
    if value is None and kind not in _VALUELESS:
        if kind in _REFERENCES:
            value = "u32"
        elif kind in _SOCKETS:
            value = "u64"
        elif kind is _T.STACK_TRACE:
            value = "u64[127]"
        else:
            raise TypeError(f"a {kind.name} needs a value, such as value='u64'")
    return key, value


def _entries(kind: BpfMapType, max_entries: int) -> int:
    max_entries = number("max_entries", max_entries)
    if kind in _STORAGE:
        if max_entries:
            raise ValueError(f"a {kind.name} has no number of entries: leave max_entries out")
        return 0
    if max_entries < 1 and kind not in (_T.CGROUP_STORAGE, _T.PERCPU_CGROUP_STORAGE):
        raise ValueError(f"max_entries is {max_entries}: a {kind.name} needs at least 1")
    return max_entries


def _create(
    kind: BpfMapType,
    name: str,
    sizes: tuple[int, int, int],
    flags: int,
    inner: BpfMap[Any, Any] | None,
    extra: int,
    described: tuple[Any, Any],
) -> int:
    """The new map's descriptor; without types where this kernel refuses them."""
    mark_used()
    options = ffi.new("struct bpf_map_create_opts *")
    options.sz = ffi.sizeof("struct bpf_map_create_opts")
    options.map_flags, options.map_extra = flags, extra
    if (inner is None) is (kind in (_T.ARRAY_OF_MAPS, _T.HASH_OF_MAPS)):
        raise TypeError(f"a {kind.name} " + ("needs inner=" if inner is None else "has no inner maps"))
    _held = None if inner is None else inner._core.held()  # open until the new map is there
    if inner is not None:
        options.inner_map_fd = inner.fd
    known, key, value = (-1, 0, 0) if kind in _WITHOUT_BTF else _types(*described)
    try:
        if known >= 0:
            options.btf_fd = known
            options.btf_key_type_id, options.btf_value_type_id = key, value
        fd = lib.bpf_map_create(kind, os.fsencode(name or kind.name.lower()), *sizes, options)
        if fd < 0 and known >= 0 and kind not in _STORAGE:
            options.btf_fd = options.btf_key_type_id = options.btf_value_type_id = 0
            fd = lib.bpf_map_create(kind, os.fsencode(name or kind.name.lower()), *sizes, options)
    finally:
        if known >= 0:
            os.close(known)
    if fd < 0:
        raise _refused(kind, name, -fd, sizes)
    return int(fd)


def _types(key: Any, value: Any) -> tuple[int, int, int]:
    """A descriptor of BTF in the kernel, negative where it takes none, and the ids of both types."""
    fd = -1
    for floats in (True, False):
        made = btf_writer.describe(key, value, floats)
        fd = lib.bpf_btf_load(made.raw, len(made.raw), ffi.NULL)
        if fd >= 0:
            return fd, made.key or 0, made.value or 0
    return fd, 0, 0


def _refused(kind: BpfMapType, name: str, code: int, sizes: tuple[int, int, int]) -> BpfError:
    """Why the kernel made no map."""
    what = f"create map '{name}' of type {kind.name}" if name else f"create a map of type {kind.name}"
    if code in (errno.EINVAL, errno.EOPNOTSUPP, ENOTSUPP):
        from tinybpf.libbpf._probe import State
        from tinybpf.libbpf.features import MAPS

        feature = next((feature for feature in MAPS if feature.type == kind), None)
        found = feature.probe() if feature else None
        if found and found.state is State.MISSING:
            return UnsupportedError(f"{what} failed: {found.reason}", code)
    key, value, entries = sizes
    shape = f"keys of {key} bytes, values of {value}, {entries} entries"
    hints: dict[int, str | Callable[[], str | None]] = {
        errno.EINVAL: f"the kernel has no such {kind.name} with {shape}, or not with these flags"
        + _must_be(kind),
        errno.E2BIG: f"too large: {shape}",
        errno.ENOMEM: f"too large: {shape}",
        errno.EPERM: lambda: _hints.permission_hint(_hints.map_needs(kind)),
    }
    return error_from(what, code, None, hints)


def _must_be(kind: BpfMapType) -> str:
    """What the kernel asks of the sizes of such a map, as the end of a sentence."""
    if kind in (_T.RINGBUF, _T.USER_RINGBUF):
        page = os.sysconf("SC_PAGE_SIZE")
        return f": max_entries must be a power of two, and pages as a whole ({page} bytes each)"
    return ": an array has keys of 4 bytes, and values of at least 1" if kind in ARRAY_TYPES else ""
