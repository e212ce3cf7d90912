"""What a link is attached to, by the name that people know it by: a cgroup's path, a function, a map."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import tinybpf
from tinybpf import system

NAMESPACES = "/run/netns"


def name_of(info: Any) -> str | None:
    """The name; None where the kernel's numbers are all that is known."""
    find = _FINDERS.get(type(info).__name__)
    with suppress(tinybpf.BpfError, OSError):
        return find(info) if find else None
    return None


def _cgroup(info: Any) -> str | None:
    """The path of a cgroup, whose number is the inode of its directory."""
    for path in _directories():
        with suppress(OSError):
            if os.stat(path).st_ino == info.cgroup_id:
                return path
    return None


def _directories() -> Iterator[str]:
    for mount in sorted(set(system.mounted("cgroup2"))):
        for path, _, _ in os.walk(mount):
            yield path


def _netns(info: Any) -> str | None:
    """The name that ``ip netns`` has given a network namespace, or whose this process's is."""
    own = "/proc/self/ns/net"
    paths = [entry.path for entry in os.scandir(NAMESPACES)] if os.path.isdir(NAMESPACES) else []
    for path in (*paths, own):
        with suppress(OSError):
            if os.stat(path).st_ino == info.netns_inode:
                return "this network namespace" if path == own else os.path.basename(path)
    return None


def _function(info: Any) -> str | None:
    """The function of the kernel, or of the program that is extended or looked at."""
    types: int = info.target_object_id
    if not types:
        return None  # Linux 5.10 does not tell it
    with tinybpf.open_program_by_id(info.program_id) as program:
        of_kernel = program.info.attach_btf_object_id == types
    if not of_kernel:
        with tinybpf.open_program_by_id(types) as extended:
            types = extended.info.btf_id
    return tinybpf.open_btf_by_id(types).record(info.target_type_id).name


def _map(info: Any) -> str | None:
    return next((each.name for each in tinybpf.maps() if each.id == info.map_id), None)


def _functions(info: Any) -> str | None:
    """The functions of the kernel at the addresses, where it shows these."""
    from tinybpf.libbpf.kinds import kallsyms

    return " ".join(kallsyms.name_of(address) for address in info.addresses if address) or None


_FINDERS: dict[str, Callable[[Any], str | None]] = {
    "CgroupLinkInfo": _cgroup,
    "NetnsLinkInfo": _netns,
    "TracingLinkInfo": _function,
    "MapLinkInfo": _map,
    "KprobeMultiLinkInfo": _functions,
}
