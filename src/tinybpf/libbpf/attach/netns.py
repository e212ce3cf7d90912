"""sk_lookup and flow_dissector: programs of a whole network namespace."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

from tinybpf.libbpf import _since
from tinybpf.libbpf._check import Hints, error_from, not_found, path_of
from tinybpf.libbpf._lib import lib
from tinybpf.libbpf.attach._common import create, require_type
from tinybpf.libbpf.enums import BpfProgType
from tinybpf.libbpf.link import BpfLink

if TYPE_CHECKING:
    from tinybpf.libbpf.program import BpfProgram

OWN = "/proc/thread-self/ns/net"
NAMED = "/run/netns"

_KINDS = {BpfProgType.SK_LOOKUP: "sk_lookup", BpfProgType.FLOW_DISSECTOR: "flow_dissector"}


def attach(program: BpfProgram, type: BpfProgType, netns: str | os.PathLike[str] | int | None) -> BpfLink:
    """See `BpfProgram.attach_sk_lookup`. Kernel 5.9 or later, 5.8 for flow dissectors."""
    kind = _KINDS[type]
    if isinstance(netns, bool):
        raise TypeError("netns must be a path, a name or a descriptor, not bool")
    shown = "this network namespace" if netns is None else netns
    what = f"attach {kind} to '{shown}'"
    require_type(program, what, type)
    if isinstance(netns, int):
        return _attach(program, what, f"{kind}:fd {netns}", netns, kind)
    path = OWN if netns is None else _path(path_of("netns", netns))
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError as error:
        raise not_found(f"{what} failed: there is no such network namespace", error.errno or 0) from None
    except (OSError, ValueError) as error:
        raise error_from(what, getattr(error, "errno", errno.EINVAL), None) from None
    try:
        return _attach(program, what, f"{kind}:{'own netns' if netns is None else netns}", fd, kind)
    finally:
        os.close(fd)


def _path(netns: str) -> str:
    """The file of a namespace: as given, or that of a name of ``ip netns``."""
    return netns if "/" in netns else os.path.join(NAMED, netns)


def _attach(program: BpfProgram, what: str, target: str, fd: int, kind: str) -> BpfLink:
    links = "sk_lookup" if kind == "sk_lookup" else "links of network namespaces"
    attach_type = lib.bpf_program__expected_attach_type(program.pointer)
    hints: Hints = {
        errno.EINVAL: lambda: (
            _since.absence(links) or f"'{target.partition(':')[2]}' is no network namespace"
        ),
        errno.EEXIST: f"the namespace has a {kind} already, which is not a link",
        errno.E2BIG: f"the namespace has its {kind}: there can be one only"
        if kind == "flow_dissector"
        else "the namespace has as many sk_lookup programs as the kernel allows (64)",
        errno.EBADF: "this is no open descriptor",
    }
    return create(program, what, target, fd, attach_type, hints=hints)
