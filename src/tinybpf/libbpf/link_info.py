"""What the kernel says of a link: one dataclass for each kind of link."""

from __future__ import annotations

import errno
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tinybpf.errors import BpfError
from tinybpf.libbpf._check import attempt
from tinybpf.libbpf._lib import ffi, lib, text
from tinybpf.libbpf.attach_types import BpfAttachType
from tinybpf.libbpf.enums import BpfLinkType

NAME_ROOM = 4096
RETURN = 1  # BPF_F_KPROBE_MULTI_RETURN, and of uprobes
SIZE = ffi.sizeof("struct bpf_link_info")


@dataclass(frozen=True)
class LinkInfo:
    """What all links have. ``program_id`` is 0 where the link is of a map (struct_ops)."""

    id: int
    type: BpfLinkType
    program_id: int


@dataclass(frozen=True)
class RawTracepointLinkInfo(LinkInfo):
    """``cookie`` is 0 before Linux 6.17, which tells it."""

    name: str
    cookie: int


@dataclass(frozen=True)
class TracingLinkInfo(LinkInfo):
    """fentry and its kin, tp_btf, LSM, freplace.

    ``target_object_id`` is the id of the BTF, of the program for freplace, that has the target;
    ``target_type_id`` the target's type there; both are 0 under Linux 5.10, which does not tell them.
    ``cookie`` is 0 before Linux 6.17, which tells it.
    """

    attach_type: BpfAttachType
    target_object_id: int
    target_type_id: int
    cookie: int


@dataclass(frozen=True)
class CgroupLinkInfo(LinkInfo):
    """``cgroup_id`` is the inode number of the cgroup's directory, 0 once the cgroup is gone."""

    cgroup_id: int
    attach_type: BpfAttachType


@dataclass(frozen=True)
class IterLinkInfo(LinkInfo):
    """``target`` is the kind of objects; ``map_id``, ``cgroup_id``, ``tid`` and ``pid`` are 0 where the
    iterator has no such limit."""

    target: str
    map_id: int
    cgroup_id: int
    tid: int
    pid: int


@dataclass(frozen=True)
class NetnsLinkInfo(LinkInfo):
    """``netns_inode`` is that of ``/proc/PID/ns/net``, 0 once the namespace is gone."""

    netns_inode: int
    attach_type: BpfAttachType


@dataclass(frozen=True)
class InterfaceLinkInfo(LinkInfo):
    """XDP, tcx, netkit: the interface's index, 0 once it is gone."""

    ifindex: int
    attach_type: BpfAttachType


@dataclass(frozen=True)
class MapLinkInfo(LinkInfo):
    """struct_ops and sockmaps: the id of the map."""

    map_id: int
    attach_type: BpfAttachType


@dataclass(frozen=True)
class NetfilterLinkInfo(LinkInfo):
    """Family and hook by the kernel's numbers; programs of lower ``priority`` come first."""

    family: int
    hook: int
    priority: int
    flags: int


@dataclass(frozen=True)
class KprobeMultiLinkInfo(LinkInfo):
    """Addresses (0 where the kernel hides them) and cookies, in the kernel's order; Linux 6.6 tells them.
    ``missed`` is how often the program did not run because it was running."""

    count: int
    returns: bool
    addresses: tuple[int, ...]
    cookies: tuple[int, ...]
    missed: int


@dataclass(frozen=True)
class UprobeMultiLinkInfo(LinkInfo):
    """Offsets in the file, in bytes, in the order that was given; Linux 6.8 tells them. ``pid`` is 0 for
    all processes."""

    path: str
    returns: bool
    offsets: tuple[int, ...]
    cookies: tuple[int, ...]
    pid: int


@dataclass(frozen=True)
class PerfEventLinkInfo(LinkInfo):
    """kprobes, uprobes, tracepoints and perf events. Linux 6.6 tells what is below.

    ``kind`` is ``"kprobe"``, ``"kretprobe"``, ``"uprobe"``, ``"uretprobe"``, ``"tracepoint"`` or
    ``"event"``, empty where the kernel does not say; ``name`` the function, the file or the tracepoint;
    ``offset`` bytes from there. ``event`` is type and config of ``perf_event_open``.
    ``cookie`` is 0 before Linux 6.9, which tells it.
    """

    kind: str
    name: str
    offset: int
    cookie: int
    event: tuple[int, int]


_KINDS = ("", "uprobe", "uretprobe", "kprobe", "kretprobe", "tracepoint", "event")


def read(what: str, fd: int) -> LinkInfo:
    """What the kernel says of the link. Linux 5.8 or later."""
    info = _ask(what, fd, ffi.new("struct bpf_link_info *"))
    common = (info.id, BpfLinkType(info.type), info.prog_id)
    reader = _READERS.get(common[1])
    return LinkInfo(*common) if reader is None else reader(what, fd, info, common)


_Common = tuple[int, BpfLinkType, int]


def _ask(what: str, fd: int, info: Any) -> Any:
    attempt(what, lib.bpf_obj_get_info_by_fd, fd, info, ffi.new("__u32 *", SIZE))
    return info


def _address(pointer: Any) -> int:
    return int(ffi.cast("uintptr_t", pointer))


def _raw_tracepoint(what: str, fd: int, info: Any, common: _Common) -> LinkInfo:
    name = ffi.new("char[]", NAME_ROOM)
    again = ffi.new("struct bpf_link_info *")
    again.raw_tracepoint.tp_name, again.raw_tracepoint.tp_name_len = _address(name), NAME_ROOM
    _ask(what, fd, again)
    return RawTracepointLinkInfo(*common, text(name), again.raw_tracepoint.cookie)


def _tracing(what: str, fd: int, info: Any, common: _Common) -> LinkInfo:
    part = info.tracing
    kind = BpfAttachType(part.attach_type)
    return TracingLinkInfo(*common, kind, part.target_obj_id, part.target_btf_id, part.cookie)


def _cgroup(what: str, fd: int, info: Any, common: _Common) -> LinkInfo:
    return CgroupLinkInfo(*common, info.cgroup.cgroup_id, BpfAttachType(info.cgroup.attach_type))


def _iter(what: str, fd: int, info: Any, common: _Common) -> LinkInfo:
    name = ffi.new("char[]", NAME_ROOM)
    again = ffi.new("struct bpf_link_info *")
    again.iter.target_name, again.iter.target_name_len = _address(name), NAME_ROOM
    part, target = _ask(what, fd, again).iter, text(name)
    halves = ffi.cast("__u32 *", part.limit)
    of_cgroup, of_task = target == "cgroup", target.startswith("task")
    return IterLinkInfo(
        *common,
        target,
        0 if of_cgroup or of_task else part.map_id,
        part.limit[0] if of_cgroup else 0,
        halves[0] if of_task else 0,
        halves[1] if of_task else 0,
    )


def _netns(what: str, fd: int, info: Any, common: _Common) -> LinkInfo:
    return NetnsLinkInfo(*common, info.netns.netns_ino, BpfAttachType(info.netns.attach_type))


def _interface(what: str, fd: int, info: Any, common: _Common) -> LinkInfo:
    kind = BpfAttachType.XDP if common[1] is BpfLinkType.XDP else BpfAttachType(info.tcx.attach_type)
    return InterfaceLinkInfo(*common, info.tcx.ifindex, kind)


def _map(what: str, fd: int, info: Any, common: _Common) -> LinkInfo:
    struct_ops = common[1] is BpfLinkType.STRUCT_OPS
    kind = BpfAttachType.STRUCT_OPS if struct_ops else BpfAttachType(info.sockmap.attach_type)
    return MapLinkInfo(*common, info.sockmap.map_id, kind)


def _netfilter(what: str, fd: int, info: Any, common: _Common) -> LinkInfo:
    part = info.netfilter
    return NetfilterLinkInfo(*common, part.pf, part.hooknum, part.priority, part.flags)


def _kprobe_multi(what: str, fd: int, info: Any, common: _Common) -> LinkInfo:
    first = info.kprobe_multi
    addresses, cookies = (ffi.new("__u64[]", first.count) for _ in range(2))

    def arrays(again: Any, with_cookies: bool) -> None:
        part = again.kprobe_multi
        part.count, part.addrs = first.count, _address(addresses)
        part.cookies = _address(cookies) if with_cookies else 0

    if first.count:
        _with_or_without_cookies(what, fd, arrays)
    returns = bool(first.flags & RETURN)
    return KprobeMultiLinkInfo(*common, first.count, returns, tuple(addresses), tuple(cookies), first.missed)


def _uprobe_multi(what: str, fd: int, info: Any, common: _Common) -> LinkInfo:
    first = info.uprobe_multi
    offsets, cookies = (ffi.new("__u64[]", first.count) for _ in range(2))
    path = ffi.new("char[]", NAME_ROOM)

    def arrays(again: Any, with_cookies: bool) -> None:
        part = again.uprobe_multi
        part.count, part.offsets = first.count, _address(offsets)
        part.path, part.path_size = _address(path), NAME_ROOM
        part.cookies = _address(cookies) if with_cookies else 0

    if first.count:
        _with_or_without_cookies(what, fd, arrays)
    returns = bool(first.flags & RETURN)
    return UprobeMultiLinkInfo(*common, text(path), returns, tuple(offsets), tuple(cookies), first.pid)


def _with_or_without_cookies(what: str, fd: int, fill: Callable[[Any, bool], None]) -> None:
    """Ask for arrays; for those without cookies where the kernel does not know these."""
    again = ffi.new("struct bpf_link_info *")
    fill(again, True)
    try:
        _ask(what, fd, again)
    except BpfError as error:
        if error.errno != errno.E2BIG:
            raise
        again = ffi.new("struct bpf_link_info *")
        fill(again, False)
        _ask(what, fd, again)


def _perf_event(what: str, fd: int, info: Any, common: _Common) -> LinkInfo:
    name = ffi.new("char[]", NAME_ROOM)
    again = ffi.new("struct bpf_link_info *")
    part = again.perf_event
    halves = ffi.cast("__u32 *", part.words)
    part.words[0], halves[2] = _address(name), NAME_ROOM
    _ask(what, fd, again)
    kind = _KINDS[part.type] if part.type < len(_KINDS) else f"kind {part.type}"
    if kind == "event":
        event = (halves[2], part.words[0])
        return PerfEventLinkInfo(*common, kind, "", 0, part.words[2], event)
    if kind == "":
        return PerfEventLinkInfo(*common, "", "", 0, 0, (0, 0))
    cookie = part.words[4] if kind in ("kprobe", "kretprobe") else part.words[2]
    offset = 0 if kind == "tracepoint" else halves[3]
    return PerfEventLinkInfo(*common, kind, text(name), offset, cookie, (0, 0))


_READERS: dict[BpfLinkType, Callable[[str, int, Any, _Common], LinkInfo]] = {
    BpfLinkType.RAW_TRACEPOINT: _raw_tracepoint,
    BpfLinkType.TRACING: _tracing,
    BpfLinkType.CGROUP: _cgroup,
    BpfLinkType.ITER: _iter,
    BpfLinkType.NETNS: _netns,
    BpfLinkType.XDP: _interface,
    BpfLinkType.TCX: _interface,
    BpfLinkType.NETKIT: _interface,
    BpfLinkType.STRUCT_OPS: _map,
    BpfLinkType.SOCKMAP: _map,
    BpfLinkType.NETFILTER: _netfilter,
    BpfLinkType.KPROBE_MULTI: _kprobe_multi,
    BpfLinkType.UPROBE_MULTI: _uprobe_multi,
    BpfLinkType.PERF_EVENT: _perf_event,
}
