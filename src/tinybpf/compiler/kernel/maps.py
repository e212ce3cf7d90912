"""Map types: their numbers, and what the kernel wants of a map's sizes.

``map_type(27)`` and ``map_type("RINGBUF")`` find one; ``check`` says why the kernel would refuse
a definition, so that the compiler can say it at the Go line.
"""

from __future__ import annotations

from functools import cache

import msgspec

from tinybpf.compiler.kernel.types_data import MAP_TYPES

BPF_F_NO_PREALLOC = 1 << 0
BPF_F_MMAPABLE = 1 << 10
MAX_KEY = 512
"""Bytes of a hash map's key: it has to fit a program's stack."""
MAX_PER_CPU = 32768
"""Bytes of a value that each CPU has of its own: the most that the kernel's per-CPU memory gives at once."""


class MapType(msgspec.Struct, frozen=True):
    """A map type.

    ``key`` and ``value`` are the sizes in bytes that the kernel takes: None for any size from 1,
    ``(0,)`` for a map that has none. ``entries`` is False where ``max_entries`` must be 0.
    ``flags`` must be set. ``events``: the map carries events to user space. ``kernel_btf``: the
    kernel takes BTF types for key and value (libbpf leaves them out for the others).
    """

    name: str
    number: int
    key: tuple[int, ...] | None = None
    value: tuple[int, ...] | None = None
    entries: bool = True
    flags: int = 0
    per_cpu: bool = False
    events: bool = False
    inner: bool = False
    kernel_btf: bool = True

    @property
    def has_key(self) -> bool:
        return self.key != (0,)

    @property
    def has_value(self) -> bool:
        return self.value != (0,)

    @property
    def c_name(self) -> str:
        return f"BPF_MAP_TYPE_{self.name}"


_NONE = (0,)
_U32 = (4,)
_RULES: dict[str, dict[str, object]] = {
    "HASH": {},
    "ARRAY": {"key": _U32},
    "PROG_ARRAY": {"key": _U32, "value": _U32},
    "PERF_EVENT_ARRAY": {"key": _U32, "value": _U32, "events": True, "kernel_btf": False},
    "PERCPU_HASH": {"per_cpu": True},
    "PERCPU_ARRAY": {"key": _U32, "per_cpu": True},
    "STACK_TRACE": {"key": _U32, "kernel_btf": False},
    "CGROUP_ARRAY": {"key": _U32, "value": _U32, "kernel_btf": False},
    "LRU_HASH": {},
    "LRU_PERCPU_HASH": {"per_cpu": True},
    "LPM_TRIE": {"key": tuple(range(5, 4 + 256 + 1)), "flags": BPF_F_NO_PREALLOC},
    "ARRAY_OF_MAPS": {"key": _U32, "value": _U32, "inner": True, "kernel_btf": False},
    "HASH_OF_MAPS": {"value": _U32, "inner": True, "kernel_btf": False},
    "DEVMAP": {"key": _U32, "value": (4, 8), "kernel_btf": False},
    "SOCKMAP": {"key": _U32, "value": (4, 8), "kernel_btf": False},
    "CPUMAP": {"key": _U32, "value": (4, 8), "kernel_btf": False},
    "XSKMAP": {"key": _U32, "value": _U32, "kernel_btf": False},
    "SOCKHASH": {"value": (4, 8), "kernel_btf": False},
    "CGROUP_STORAGE": {"key": (8, 16), "entries": False},
    "REUSEPORT_SOCKARRAY": {"key": _U32, "value": (4, 8)},
    "PERCPU_CGROUP_STORAGE": {"key": (8, 16), "entries": False, "per_cpu": True},
    "QUEUE": {"key": _NONE, "kernel_btf": False},
    "STACK": {"key": _NONE, "kernel_btf": False},
    "SK_STORAGE": {"key": _U32, "entries": False, "flags": BPF_F_NO_PREALLOC},
    "DEVMAP_HASH": {"key": _U32, "value": (4, 8), "kernel_btf": False},
    "STRUCT_OPS": {"key": _U32},
    "RINGBUF": {"key": _NONE, "value": _NONE, "events": True},
    "INODE_STORAGE": {"key": _U32, "entries": False, "flags": BPF_F_NO_PREALLOC},
    "TASK_STORAGE": {"key": _U32, "entries": False, "flags": BPF_F_NO_PREALLOC},
    "BLOOM_FILTER": {"key": _NONE},
    "USER_RINGBUF": {"key": _NONE, "value": _NONE},
    "CGRP_STORAGE": {"key": _U32, "entries": False, "flags": BPF_F_NO_PREALLOC},
    "ARENA": {"key": _NONE, "value": _NONE, "flags": BPF_F_MMAPABLE, "kernel_btf": False},
    "INSN_ARRAY": {"key": _U32},
}


@cache
def map_type(which: int | str) -> MapType | None:
    """The map type of a number or of a name (``RINGBUF``, ``BPF_MAP_TYPE_RINGBUF``), or None."""
    if isinstance(which, str):
        name = which.removeprefix("BPF_MAP_TYPE_").removesuffix("_DEPRECATED")
        return map_type(MAP_TYPES[name]) if name in _RULES else None
    for name, rules in _RULES.items():
        if MAP_TYPES[name] == which:
            return MapType(name, which, **rules)  # type: ignore[arg-type]
    return None


def check(kind: MapType, key_size: int, value_size: int, max_entries: int, flags: int = 0) -> str | None:
    """Why the kernel would refuse such a map, in words; None where nothing speaks against it.

    libbpf's own help is taken into account: a perf event array without a size gets one entry for
    each CPU, and a ring buffer's size is rounded up to what the kernel takes.
    """
    for what, size, allowed in (("KeySize", key_size, kind.key), ("ValueSize", value_size, kind.value)):
        problem = _size_problem(kind, what, size, allowed)
        if problem is not None:
            return problem
    if "HASH" in kind.name and kind.key is None and key_size > MAX_KEY:
        return f"{kind.name} maps take keys of up to {MAX_KEY} bytes, not {key_size}"
    if kind.per_cpu and value_size > MAX_PER_CPU:
        return f"{kind.name} maps take values of up to {MAX_PER_CPU} bytes, not {value_size}"
    if kind.name == "STACK_TRACE" and value_size % 8:
        return f"{kind.name} maps need a ValueSize that is a multiple of 8, not {value_size}"
    if max_entries and not kind.entries:
        return f"{kind.name} maps grow as needed: MaxEntries must be 0, not {max_entries}"
    if not max_entries and kind.entries and kind.name != "PERF_EVENT_ARRAY":
        return f"{kind.name} maps need MaxEntries" + (" (its size in bytes)" if not kind.has_value else "")
    missing = kind.flags & ~flags
    if missing:
        label = "BPF_F_NO_PREALLOC" if missing == BPF_F_NO_PREALLOC else "BPF_F_MMAPABLE"
        return f"{kind.name} maps need the flag {label} ({missing}) in MapFlags"
    return None


def _size_problem(kind: MapType, what: str, size: int, allowed: tuple[int, ...] | None) -> str | None:
    if allowed is None:
        return None if size else f"{kind.name} maps need a {what}"
    if size in allowed:
        return None
    if allowed == _NONE:
        return f"{kind.name} maps have no {what.removesuffix('Size').lower()}s: {what} must be 0, not {size}"
    if len(allowed) > 2:
        return f"{kind.name} maps need a {what} from {allowed[0]} to {allowed[-1]}, not {size}"
    return f"{kind.name} maps need a {what} of {' or '.join(map(str, allowed))}, not {size}"
