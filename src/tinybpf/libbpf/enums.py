"""The kernel's map and program types; numbers newer than this list are members, too."""

from __future__ import annotations

from enum import IntEnum
from typing import TypeVar

_E = TypeVar("_E", bound=IntEnum)

BPF_ANY = 0
"""Create the entry, or replace it."""
BPF_NOEXIST = 1
"""Create it only: `BpfError` with EEXIST where it is there."""
BPF_EXIST = 2
"""Replace it only: `BpfError` with ENOENT where it is not there."""
BPF_F_LOCK = 4
"""Hold the spin lock that is in the value meanwhile. Kernel 5.1 or later."""


def _newer(enum: type[_E], value: object) -> _E | None:
    """A member ``UNKNOWN_<n>`` for a number that the kernel got after this list was written."""
    if not isinstance(value, int) or value < 0:
        return None
    member = int.__new__(enum, value)
    member._name_ = f"UNKNOWN_{int(value)}"
    member._value_ = int(value)
    known: _E = enum._value2member_map_.setdefault(int(value), member)  # type: ignore[assignment]
    return known


class BpfMapType(IntEnum):
    """What kind of map: the kernel's ``BPF_MAP_TYPE_*``."""

    UNSPEC = 0
    HASH = 1
    ARRAY = 2
    PROG_ARRAY = 3
    PERF_EVENT_ARRAY = 4
    PERCPU_HASH = 5
    PERCPU_ARRAY = 6
    STACK_TRACE = 7
    CGROUP_ARRAY = 8
    LRU_HASH = 9
    LRU_PERCPU_HASH = 10
    LPM_TRIE = 11
    ARRAY_OF_MAPS = 12
    HASH_OF_MAPS = 13
    DEVMAP = 14
    SOCKMAP = 15
    CPUMAP = 16
    XSKMAP = 17
    SOCKHASH = 18
    CGROUP_STORAGE = 19
    REUSEPORT_SOCKARRAY = 20
    PERCPU_CGROUP_STORAGE = 21
    QUEUE = 22
    STACK = 23
    SK_STORAGE = 24
    DEVMAP_HASH = 25
    STRUCT_OPS = 26
    RINGBUF = 27
    INODE_STORAGE = 28
    TASK_STORAGE = 29
    BLOOM_FILTER = 30
    USER_RINGBUF = 31
    CGRP_STORAGE = 32
    ARENA = 33
    INSN_ARRAY = 34

    @classmethod
    def _missing_(cls, value: object) -> BpfMapType | None:
        return _newer(cls, value)


class BpfProgType(IntEnum):
    """What kind of program: the kernel's ``BPF_PROG_TYPE_*``."""

    UNSPEC = 0
    SOCKET_FILTER = 1
    KPROBE = 2
    SCHED_CLS = 3
    SCHED_ACT = 4
    TRACEPOINT = 5
    XDP = 6
    PERF_EVENT = 7
    CGROUP_SKB = 8
    CGROUP_SOCK = 9
    LWT_IN = 10
    LWT_OUT = 11
    LWT_XMIT = 12
    SOCK_OPS = 13
    SK_SKB = 14
    CGROUP_DEVICE = 15
    SK_MSG = 16
    RAW_TRACEPOINT = 17
    CGROUP_SOCK_ADDR = 18
    LWT_SEG6LOCAL = 19
    LIRC_MODE2 = 20
    SK_REUSEPORT = 21
    FLOW_DISSECTOR = 22
    CGROUP_SYSCTL = 23
    RAW_TRACEPOINT_WRITABLE = 24
    CGROUP_SOCKOPT = 25
    TRACING = 26
    STRUCT_OPS = 27
    EXT = 28
    LSM = 29
    SK_LOOKUP = 30
    SYSCALL = 31
    NETFILTER = 32

    @classmethod
    def _missing_(cls, value: object) -> BpfProgType | None:
        return _newer(cls, value)


PERCPU_TYPES = frozenset(
    {
        BpfMapType.PERCPU_HASH,
        BpfMapType.PERCPU_ARRAY,
        BpfMapType.LRU_PERCPU_HASH,
        BpfMapType.PERCPU_CGROUP_STORAGE,
    }
)
ARRAY_TYPES = frozenset({BpfMapType.ARRAY, BpfMapType.PERCPU_ARRAY})
INDEXED = ARRAY_TYPES | {
    BpfMapType.PROG_ARRAY,
    BpfMapType.PERF_EVENT_ARRAY,
    BpfMapType.CGROUP_ARRAY,
    BpfMapType.ARRAY_OF_MAPS,
    BpfMapType.DEVMAP,
    BpfMapType.CPUMAP,
    BpfMapType.XSKMAP,
    BpfMapType.SOCKMAP,
    BpfMapType.REUSEPORT_SOCKARRAY,
}
"""Those with a place for each number below ``max_entries``, and no other."""
DICTIONARIES = frozenset(
    {
        BpfMapType.HASH,
        BpfMapType.ARRAY,
        BpfMapType.PERCPU_HASH,
        BpfMapType.PERCPU_ARRAY,
        BpfMapType.LRU_HASH,
        BpfMapType.LRU_PERCPU_HASH,
        BpfMapType.CGROUP_STORAGE,
        BpfMapType.PERCPU_CGROUP_STORAGE,
    }
)
"""Those whose keys and values are plain data."""


class BpfLinkType(IntEnum):
    """What kind of link: the kernel's ``BPF_LINK_TYPE_*``."""

    UNSPEC = 0
    RAW_TRACEPOINT = 1
    TRACING = 2
    CGROUP = 3
    ITER = 4
    NETNS = 5
    XDP = 6
    PERF_EVENT = 7
    KPROBE_MULTI = 8
    STRUCT_OPS = 9
    NETFILTER = 10
    TCX = 11
    UPROBE_MULTI = 12
    NETKIT = 13
    SOCKMAP = 14

    @classmethod
    def _missing_(cls, value: object) -> BpfLinkType | None:
        return _newer(cls, value)
