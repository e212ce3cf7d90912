"""Links that somebody made before: opened by their pin or their number."""

from __future__ import annotations

import errno
import os
from typing import Any

from tinybpf.errors import BpfError
from tinybpf.libbpf._check import attempt, not_found, path_of
from tinybpf.libbpf._lib import lib
from tinybpf.libbpf._pin_hints import for_open
from tinybpf.libbpf._pins import descriptor_kind
from tinybpf.libbpf.attach_types import BpfAttachType
from tinybpf.libbpf.link import FdLink
from tinybpf.libbpf.link_info import (
    CgroupLinkInfo,
    InterfaceLinkInfo,
    IterLinkInfo,
    KprobeMultiLinkInfo,
    LinkInfo,
    MapLinkInfo,
    NetnsLinkInfo,
    PerfEventLinkInfo,
    RawTracepointLinkInfo,
    TracingLinkInfo,
    UprobeMultiLinkInfo,
    read,
)
from tinybpf.libbpf.opened_program import descriptor


class OpenedLink(FdLink):
    """A link that is not this process's alone: `destroy`, or the end of the variable, only lets it go.

    `detach` detaches it; `unpin` of one that was opened by its pin takes that away.
    """

    def __init__(self, fd: int, target: str, program: str, pinned: str | None) -> None:
        super().__init__(fd, target, program, None)
        self._pinned = pinned

    def __del__(self) -> None:
        if getattr(self, "_pointer", None) is not None:
            self.destroy()


def open_pinned_link(path: str | os.PathLike[str]) -> OpenedLink:
    """Open a link that is pinned at ``path``. Kernel 5.7 or later.

    `NotFoundError` where nothing is pinned there, `BpfError` where it is no link.
    """
    name = path_of("path", path)
    what = f"open pinned link '{name}'"
    if not os.path.lexists(name):
        raise not_found(f"{what} failed: there is no such pin", errno.ENOENT)
    fd = attempt(what, lib.bpf_obj_get, os.fsencode(name), hints=for_open(name))
    return _opened(what, fd, name)


def open_link_by_id(id: int) -> OpenedLink:
    """The link that has this number (`LinkInfo.id`). Kernel 5.8 or later.

    It stays attached as long as this, or another holder, is there. `NotFoundError` where there is none.
    """
    what = f"open link {id}"
    fd = descriptor(lib.bpf_link_get_fd_by_id, id, what)
    if fd is None:
        raise not_found(f"{what} failed: there is no such link", errno.ENOENT)
    return _opened(what, fd, None)


def _opened(what: str, fd: int, pinned: str | None) -> OpenedLink:
    try:
        kind = descriptor_kind(fd)
        if kind not in ("bpf-link", "bpf_link"):
            raise BpfError(f"{what} failed: this is no link, but a {kind.replace('-', ' ')}", errno.EINVAL)
        info = read(what, fd)
        return OpenedLink(fd, target_of(info), f"#{info.program_id}", pinned)
    except BaseException:
        os.close(fd)
        raise


def target_of(info: LinkInfo) -> str:
    """What a link is attached to, in the words of `BpfLink.target` as far as the kernel tells."""
    describe = _TARGETS.get(type(info))
    return info.type.name.lower() if describe is None else describe(info)


def interface_name(index: int) -> str:
    """The name of an interface of this network namespace, or its index."""
    import socket

    try:
        return socket.if_indextoname(index)
    except OSError:
        return str(index)


def _interface(info: Any) -> str:
    kind: str = info.type.name.lower()
    if info.attach_type is BpfAttachType.XDP:
        return f"{kind}:{interface_name(info.ifindex)}"
    return f"{kind}:{interface_name(info.ifindex)}/{info.attach_type.name.rpartition('_')[2].lower()}"


def _probe(info: Any) -> str:
    kind = info.kind or "perf_event"
    if kind == "event":
        return f"perf_event:{info.event}"
    return f"{kind}:{info.name}" + (f"+{info.offset:#x}" if info.offset else "")


_TARGETS: dict[type[LinkInfo], Any] = {
    RawTracepointLinkInfo: lambda info: f"raw_tracepoint:{info.name}",
    TracingLinkInfo: lambda info: f"{info.attach_type.name.lower()}:#{info.target_type_id}",
    CgroupLinkInfo: lambda info: f"cgroup:#{info.cgroup_id}",
    IterLinkInfo: lambda info: f"iter:{info.target}",
    NetnsLinkInfo: lambda info: f"{info.attach_type.name.lower()}:#{info.netns_inode}",
    InterfaceLinkInfo: _interface,
    MapLinkInfo: lambda info: f"{info.type.name.lower()}:#{info.map_id}",
    KprobeMultiLinkInfo: lambda info: f"kprobe.multi:({info.count})",
    UprobeMultiLinkInfo: lambda info: f"uprobe.multi:{info.path} ({len(info.offsets)})",
    PerfEventLinkInfo: _probe,
}
