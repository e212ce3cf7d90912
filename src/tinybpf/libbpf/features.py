"""What the running kernel can do, found out by trying it.

Each `Feature` has a name, the kernel version that brought it and a `probe`, which really loads a
program of two or three instructions, creates a map with one entry, or asks for a link to what does
not exist. Nothing stays, nothing is attached::

    features.program_type("xdp").works            # True
    features.map_type("arena").probe()            # Finding(state=<State.MISSING: 'missing'>, …, reason='…')
    features.helper("bpf_loop").works             # in this kernel
    features.helper("bpf_loop", "xdp").works      # for programs of section xdp
    features.link_type("tcx").works
    [f.name for f in features.MAPS if f.works]

What depends on the kernel alone is remembered for the life of the process; that something is
forbidden is asked anew each time, since capabilities come and go.
"""

from __future__ import annotations

import os
import sys
from typing import Any, TypeVar

from tinybpf.errors import MissingError
from tinybpf.libbpf._lib import ffi, lib
from tinybpf.libbpf._probe import (
    Feature,
    Finding,
    MapFeature,
    OperationFeature,
    ProgramFeature,
    ReplacementFeature,
    State,
)
from tinybpf.libbpf._probe_calls import HelperFeature
from tinybpf.libbpf._probe_links import LinkFeature, links
from tinybpf.libbpf.enums import BpfMapType, BpfProgType

__all__ = [
    "LINKS",
    "MAPS",
    "PROGRAMS",
    "Feature",
    "Finding",
    "HelperFeature",
    "LinkFeature",
    "MapFeature",
    "ProgramFeature",
    "State",
    "helper",
    "link_type",
    "map_type",
    "program_type",
]

_F = TypeVar("_F", bound=Feature)
_FUNC, _STRUCT, _TYPEDEF = 12, 4, 8  # kinds of BTF types
_SLEEPABLE = 1 << 4


def _storage_types(options: Any) -> list[int]:
    """BTF for a storage map, whose value must be a type: ``int`` will do."""
    types = b"".join(word.to_bytes(4, sys.byteorder) for word in (1, 1 << 24, 4, 1 << 24 | 32))
    header = (24, 0, len(types), len(types), 5)
    raw = (0xEB9F).to_bytes(2, sys.byteorder) + b"\1\0"
    raw += b"".join(word.to_bytes(4, sys.byteorder) for word in header) + types + b"\0int\0"
    fd: int = lib.bpf_btf_load(raw, len(raw), ffi.NULL)
    if fd >= 0:
        options.btf_fd, options.btf_key_type_id, options.btf_value_type_id = fd, 1, 1
    return [fd]


def _inner_map(options: Any) -> list[int]:
    """The map that a map of maps is to be made for."""
    fd: int = lib.bpf_map_create(BpfMapType.HASH, ffi.NULL, 4, 4, 1, ffi.NULL)
    options.inner_map_fd = max(fd, 0)
    return [fd]


def _no_struct(options: Any) -> list[int]:
    options.btf_vmlinux_value_type_id = 1  # no struct that a map of this type could hold
    return []


def _programs() -> tuple[ProgramFeature, ...]:
    kind = BpfProgType
    events, network, cgroup = ("CONFIG_BPF_EVENTS",), ("CONFIG_NET",), ("CONFIG_CGROUP_BPF",)
    lwt, tracing = ("CONFIG_LWTUNNEL_BPF",), ("CONFIG_BPF_EVENTS", "CONFIG_DEBUG_INFO_BTF")
    trampoline = (*tracing, "CONFIG_BPF_JIT")
    tested, modified = (_FUNC, "bpf_fentry_test1"), (_FUNC, "security_file_open")
    traced = (_TYPEDEF, "btf_trace_sys_enter")

    def feature(
        name: str, type: BpfProgType, since: str, config: tuple[str, ...], **more: Any
    ) -> ProgramFeature:
        return ProgramFeature(name, since, config, type=type, **more)

    return (
        feature("kprobe", kind.KPROBE, "4.1", events),
        feature("uprobe", kind.KPROBE, "4.3", events),
        feature("tracepoint", kind.TRACEPOINT, "4.7", events),
        feature("raw_tracepoint", kind.RAW_TRACEPOINT, "4.17", events),
        feature("raw_tracepoint.w", kind.RAW_TRACEPOINT_WRITABLE, "5.2", events),
        feature("tp_btf", kind.TRACING, "5.5", tracing, attach_type=23, target=traced),
        feature("fentry", kind.TRACING, "5.5", trampoline, attach_type=24, target=tested),
        feature("fexit", kind.TRACING, "5.5", trampoline, attach_type=25, target=tested),
        feature("fmod_ret", kind.TRACING, "5.7", trampoline, attach_type=26, target=modified),
        feature("fsession", kind.TRACING, "7.0", trampoline, attach_type=58, target=tested),
        feature("iter", kind.TRACING, "5.8", tracing, attach_type=28, target=(_FUNC, "bpf_iter_task")),
        feature("perf_event", kind.PERF_EVENT, "4.9", events),
        feature(
            "lsm", kind.LSM, "5.7", ("CONFIG_BPF_LSM", *trampoline), attach_type=27,
            target=(_FUNC, "bpf_lsm_file_open"),
        ),
        feature(
            "lsm_cgroup", kind.LSM, "6.0", ("CONFIG_BPF_LSM", *cgroup, *trampoline), attach_type=43,
            target=(_FUNC, "bpf_lsm_socket_bind"),
        ),
        feature("socket", kind.SOCKET_FILTER, "3.19", network),
        feature("xdp", kind.XDP, "4.8", network, attach_type=37),
        feature("tc", kind.SCHED_CLS, "4.1", network),
        feature("action", kind.SCHED_ACT, "4.1", network),
        feature("cgroup_skb", kind.CGROUP_SKB, "4.10", cgroup),
        feature("cgroup/sock_create", kind.CGROUP_SOCK, "4.10", cgroup, attach_type=2),
        feature("cgroup/connect4", kind.CGROUP_SOCK_ADDR, "4.17", cgroup, attach_type=10),
        feature("cgroup/dev", kind.CGROUP_DEVICE, "4.15", cgroup, attach_type=6),
        feature("cgroup/sysctl", kind.CGROUP_SYSCTL, "5.2", cgroup, attach_type=18),
        feature("cgroup/getsockopt", kind.CGROUP_SOCKOPT, "5.3", cgroup, attach_type=21),
        feature("sockops", kind.SOCK_OPS, "4.13", cgroup, attach_type=3),
        feature("sk_skb", kind.SK_SKB, "4.14", ("CONFIG_BPF_STREAM_PARSER",)),
        feature("sk_msg", kind.SK_MSG, "4.17", ("CONFIG_NET_SOCK_MSG",), attach_type=7),
        feature("sk_reuseport", kind.SK_REUSEPORT, "4.19", ("CONFIG_INET",), attach_type=39),
        feature("sk_lookup", kind.SK_LOOKUP, "5.9", ("CONFIG_INET",), attach_type=36),
        feature("flow_dissector", kind.FLOW_DISSECTOR, "4.20", network, attach_type=17),
        feature("netfilter", kind.NETFILTER, "6.4", ("CONFIG_NETFILTER_BPF_LINK",), attach_type=45),
        feature("lwt_in", kind.LWT_IN, "4.10", lwt),
        feature("lwt_out", kind.LWT_OUT, "4.10", lwt),
        feature("lwt_xmit", kind.LWT_XMIT, "4.10", lwt),
        feature("lwt_seg6local", kind.LWT_SEG6LOCAL, "4.18", ("CONFIG_IPV6_SEG6_BPF",)),
        feature("lirc_mode2", kind.LIRC_MODE2, "4.18", ("CONFIG_BPF_LIRC_MODE2",), attach_type=16),
        OperationFeature(
            "struct_ops", "5.6", ("CONFIG_BPF_JIT", "CONFIG_DEBUG_INFO_BTF"), type=kind.STRUCT_OPS,
            target=(_STRUCT, "tcp_congestion_ops"),
        ),
        ReplacementFeature("freplace", "5.6", trampoline, type=kind.EXT),
        feature("syscall", kind.SYSCALL, "5.14", (), flags=_SLEEPABLE),
    )  # fmt: skip


def _maps() -> tuple[MapFeature, ...]:
    kind = BpfMapType
    page = os.sysconf("SC_PAGE_SIZE")
    storage: dict[str, Any] = {"sizes": (4, 4, 0), "flags": 1, "needed": _storage_types}
    cgroup, network = ("CONFIG_CGROUP_BPF",), ("CONFIG_NET",)

    def feature(type: BpfMapType, since: str, config: tuple[str, ...] = (), **more: Any) -> MapFeature:
        return MapFeature(type.name.lower(), since, config, type=type, **more)

    return (
        feature(kind.HASH, "3.19"),
        feature(kind.ARRAY, "3.19"),
        feature(kind.PROG_ARRAY, "4.2"),
        feature(kind.PERF_EVENT_ARRAY, "4.3", ("CONFIG_PERF_EVENTS",)),
        feature(kind.PERCPU_HASH, "4.6"),
        feature(kind.PERCPU_ARRAY, "4.6"),
        feature(kind.STACK_TRACE, "4.6", ("CONFIG_PERF_EVENTS",), sizes=(4, 8, 1)),
        feature(kind.CGROUP_ARRAY, "4.8", ("CONFIG_CGROUPS",)),
        feature(kind.LRU_HASH, "4.10"),
        feature(kind.LRU_PERCPU_HASH, "4.10"),
        feature(kind.LPM_TRIE, "4.11", sizes=(8, 8, 1), flags=1),
        feature(kind.ARRAY_OF_MAPS, "4.12", needed=_inner_map),
        feature(kind.HASH_OF_MAPS, "4.12", needed=_inner_map),
        feature(kind.DEVMAP, "4.14", network),
        feature(kind.SOCKMAP, "4.14", ("CONFIG_NET_SOCK_MSG",)),
        feature(kind.CPUMAP, "4.15", network),
        feature(kind.XSKMAP, "4.18", ("CONFIG_XDP_SOCKETS",)),
        feature(kind.SOCKHASH, "4.18", ("CONFIG_NET_SOCK_MSG",)),
        feature(kind.CGROUP_STORAGE, "4.19", cgroup, sizes=(16, 8, 0)),
        feature(kind.REUSEPORT_SOCKARRAY, "4.19", ("CONFIG_INET",)),
        feature(kind.PERCPU_CGROUP_STORAGE, "4.20", cgroup, sizes=(16, 8, 0)),
        feature(kind.QUEUE, "4.20", sizes=(0, 4, 1)),
        feature(kind.STACK, "4.20", sizes=(0, 4, 1)),
        feature(kind.SK_STORAGE, "5.2", network, **storage),
        feature(kind.DEVMAP_HASH, "5.4", network),
        feature(kind.STRUCT_OPS, "5.6", ("CONFIG_BPF_JIT",), needed=_no_struct),
        feature(kind.RINGBUF, "5.8", sizes=(0, 0, page)),
        feature(kind.INODE_STORAGE, "5.10", ("CONFIG_BPF_LSM",), **storage),
        feature(kind.TASK_STORAGE, "5.11", **storage),
        feature(kind.BLOOM_FILTER, "5.16", sizes=(0, 4, 1)),
        feature(kind.USER_RINGBUF, "6.1", sizes=(0, 0, page)),
        feature(kind.CGRP_STORAGE, "6.2", ("CONFIG_CGROUPS",), **storage),
        feature(kind.ARENA, "6.9", ("CONFIG_BPF_JIT",), sizes=(0, 0, 1), flags=1 << 10),
        feature(kind.INSN_ARRAY, "6.19", sizes=(4, 16, 1)),
    )


PROGRAMS = _programs()
"""Each kind of program that libbpf knows a section for, by the name of its section."""

MAPS = _maps()
"""Each type of map, by the kernel's name in lower case."""

LINKS = links()
"""The kinds of attachment by a link that came after the first ones; what programs of a kind are attached to
otherwise, they can be where the kind works."""


def program_type(name: str) -> ProgramFeature:
    """The feature of that name in `PROGRAMS`; `MissingError` lists those that exist."""
    return _named(PROGRAMS, "program", name)


def map_type(name: str) -> MapFeature:
    """The feature of that name in `MAPS`; `MissingError` lists those that exist."""
    return _named(MAPS, "map", name)


def link_type(name: str) -> LinkFeature:
    """The feature of that name in `LINKS`; `MissingError` lists those that exist."""
    return _named(LINKS, "link", name)


def helper(name: str, program: str | None = None) -> HelperFeature:
    """A helper function, such as ``bpf_ringbuf_output`` (``bpf_`` can be left out), in programs of a kind.

    ``program`` is a name of `PROGRAMS`; without one the feature is that the kernel knows the helper.
    `MissingError` has near names.
    """
    from tinybpf.libbpf import _since
    from tinybpf.libbpf.helper_names import numbers

    known = numbers()
    full = name if name.startswith("bpf_") else f"bpf_{name}"
    number = known.get(full)
    if number is None:
        from difflib import get_close_matches

        near = " or ".join(f"'{found}'" for found in get_close_matches(full, known, 3))
        raise MissingError(f"no helper '{name}' is known" + (f"; did you mean {near}?" if near else ""))
    fact = _since.helper(number)
    kind = None if program is None else program_type(program)
    return HelperFeature(full, fact.since if fact else "3.18", number=number, program=kind)


def _named(features: tuple[_F, ...], what: str, name: str) -> _F:
    for feature in features:
        if feature.name == name:
            return feature
    there = ", ".join(feature.name for feature in features)
    raise MissingError(f"no {what} type '{name}' is known; there is: {there}")
