"""What is attached to an interface or a cgroup, by whomever, in the order in which it runs."""

from __future__ import annotations

import errno
import os
from dataclasses import dataclass
from typing import Any

from tinybpf.errors import BpfError, UnsupportedError
from tinybpf.libbpf import _since
from tinybpf.libbpf._check import Hints, attempt, path_of
from tinybpf.libbpf._lib import ffi, lib
from tinybpf.libbpf.attach import netkit, tcx
from tinybpf.libbpf.attach._interface import find_interface
from tinybpf.libbpf.attach_types import BpfAttachType

MANY = 64  # as many as the kernel allows, in one place
EFFECTIVE = 1  # BPF_F_QUERY_EFFECTIVE


@dataclass(frozen=True)
class Attached:
    """A program that is attached, by its number, and its link's: 0 without one, None where the kernel does
    not tell."""

    program_id: int
    link_id: int | None


def query_tcx(interface: str | int, direction: str = "ingress") -> tuple[Attached, ...]:
    """The tcx programs of an interface, ``"ingress"`` or ``"egress"``. Kernel 6.6 or later.

    `NotFoundError` where there is no such interface, `UnsupportedError` where the kernel has no tcx.
    """
    if direction not in tcx.ATTACH_TYPES:
        raise ValueError(f"direction must be 'ingress' or 'egress', not {direction!r}")
    name, index = find_interface("tcx", interface, "ask about")
    return _of_interface(f"ask about tcx of '{name}'", index, tcx.ATTACH_TYPES[direction], "tcx")


def query_netkit(interface: str | int, peer: bool = False) -> tuple[Attached, ...]:
    """The programs of a netkit pair, given by its primary device, that see what the primary's side sends,
    or the peer's. Kernel 6.7 or later."""
    name, index = find_interface("netkit", interface, "ask about")
    kind = netkit.ATTACH_TYPES["peer" if peer else "primary"]
    return _of_interface(f"ask about netkit of '{name}'", index, kind, "netkit")


def query_cgroup(
    cgroup: str | os.PathLike[str] | int, attach_type: BpfAttachType, *, effective: bool = False
) -> tuple[Attached, ...]:
    """The programs of a cgroup of one kind, such as ``BpfAttachType.CGROUP_INET4_CONNECT``.

    ``effective`` means all that run for it, those of the cgroups above included. Kernel 4.15 or
    later. `NotFoundError` where there is no such cgroup.
    """
    from tinybpf.libbpf.attach.cgroup import open_cgroup

    what = f"ask about cgroup '{cgroup}'"
    kind = BpfAttachType(attach_type)
    hints = {
        errno.EBADF: "this is no cgroup of version 2",
        errno.EINVAL: f"{kind.name} is nothing that cgroups have in this kernel",
    }
    if isinstance(cgroup, int):
        return _ask(what, cgroup, kind, EFFECTIVE if effective else 0, hints, with_links=False)
    fd = open_cgroup(what, path_of("cgroup", cgroup))
    try:
        return _ask(what, fd, kind, EFFECTIVE if effective else 0, hints, with_links=False)
    finally:
        os.close(fd)


def _of_interface(what: str, index: int, attach_type: int, kind: str) -> tuple[Attached, ...]:
    _since.require_libbpf(what, f"queries of {kind}", "1.3")
    try:
        return _ask(what, index, attach_type, 0, {}, with_links=True)
    except BpfError as error:
        if error.errno == errno.ENOENT and _since.absence(kind) is None:
            return ()  # nothing was attached there yet
        absent = _since.absence(kind) if error.errno in (errno.EINVAL, errno.EOPNOTSUPP) else None
        if absent is None:
            raise
        raise UnsupportedError(f"{what} failed: {absent}", error.errno) from None


def _ask(
    what: str, place: int, attach_type: int, flags: int, hints: Hints, *, with_links: bool
) -> tuple[Attached, ...]:
    count = MANY
    while True:
        programs, links = (ffi.new("__u32[]", count) for _ in range(2))
        opts: Any = ffi.new("struct bpf_prog_query_opts *")
        opts.sz, opts.query_flags = ffi.sizeof("struct bpf_prog_query_opts"), flags
        opts.prog_ids, opts.prog_cnt = programs, count
        if with_links:
            opts.link_ids = links
        try:
            attempt(what, lib.bpf_prog_query_opts, place, attach_type, opts, hints=hints)
        except BpfError as error:
            if error.errno != errno.ENOSPC:
                raise
            count *= 2
            continue
        return tuple(Attached(programs[i], links[i] if with_links else None) for i in range(opts.prog_cnt))
