"""How a kind of attachment is tried: a link to something that does not exist.

A kernel that knows the kind complains of what is not there; one that does not complains of the kind.
Nothing is attached.
"""

from __future__ import annotations

import errno as codes
import os
import struct
from dataclasses import dataclass
from typing import Any

from tinybpf.libbpf import _hints
from tinybpf.libbpf._lib import ffi, lib
from tinybpf.libbpf._probe import WORKS, Feature, Finding, ProgramFeature
from tinybpf.libbpf.attach_types import BpfAttachType
from tinybpf.libbpf.enums import BpfProgType

_NOWHERE = -1  # no descriptor
_NO_INTERFACE = 0x7FFFFFFF
_LOOPBACK = 1  # in each network namespace; its driver has no XDP of its own
_DRIVER_MODE = 4
_UNREADABLE = 16  # an address

# struct bpf_link_create_opts: size, flags, what iterators take (16 bytes), the target's type, padding,
# and 48 bytes for what each kind takes besides
_HEAD, _ROOM = struct.Struct("=QIIQII"), 48


@dataclass(frozen=True)
class LinkFeature(Feature):
    """A kind of attachment by a link. ``answer`` is the errno of a kernel that knows it."""

    program: ProgramFeature | None = None
    attach_type: BpfAttachType = BpfAttachType.CGROUP_INET_INGRESS
    target: int = _NOWHERE
    answers: tuple[int, ...] = (codes.EBADF,)
    flags: int = 0
    rest: str = ""

    @property
    def needs(self) -> tuple[str, ...]:
        """The capabilities that attaching its kind of program takes."""
        return self.program.needs if self.program else (_hints.BPF,)

    def _try(self) -> Finding:
        assert self.program is not None
        loaded = self.program.attempt(bytes.fromhex("b7000000000000009500000000000000"))
        if isinstance(loaded, Finding):
            return loaded
        fd, log = loaded
        if fd < 0:
            return self._finding(fd, log if fd in (-codes.EPERM, -codes.EACCES) else "")
        try:
            result = self._link(fd)
        finally:
            os.close(fd)
        if result >= 0 or -result in self.answers:
            return WORKS if result < 0 else self._finding(result)
        return self._finding(result)

    def _link(self, fd: int) -> int:
        rest, alive = _REST[self.rest]() if self.rest else (b"", None)
        content = _HEAD.pack(_HEAD.size + _ROOM, self.flags, 0, 0, 0, 0) + rest.ljust(_ROOM, b"\0")
        options = ffi.new("char[]", content)
        made: int = lib.bpf_link_create(
            fd, self.target, self.attach_type, ffi.cast("struct bpf_link_create_opts *", options)
        )
        del alive
        return made


def _kprobes() -> tuple[bytes, Any]:
    return struct.pack("=IIQQQ", 0, 1, 0, _UNREADABLE, 0), None


def _uprobes() -> tuple[bytes, Any]:
    """One offset in a directory, which has none."""
    path, offset = ffi.new("char[]", b"/"), ffi.new("unsigned long[]", [1])
    places = (int(ffi.cast("uintptr_t", pointer)) for pointer in (path, offset))
    return struct.pack("=IIQQQQI", 0, 1, *places, 0, 0, 0), (path, offset)


def _netfilter() -> tuple[bytes, Any]:
    """A family of protocols that is none."""
    return struct.pack("=IIiI", 99, 99, 0, 0), None


_REST = {"kprobes": _kprobes, "uprobes": _uprobes, "netfilter": _netfilter}


def links() -> tuple[LinkFeature, ...]:
    """The kinds of links that are newer than links."""
    types, at = BpfProgType, BpfAttachType

    def feature(
        name: str,
        since: str,
        config: str,
        type: BpfProgType,
        attach_type: BpfAttachType,
        **more: Any,
    ) -> LinkFeature:
        expected = 0 if type is types.TRACEPOINT else attach_type
        program = ProgramFeature(name, since, (config,), type=type, attach_type=expected)
        return LinkFeature(name, since, (config,), program=program, attach_type=attach_type, **more)

    probes: dict[str, Any] = {"rest": "kprobes", "answers": (codes.EFAULT,)}
    files: dict[str, Any] = {"rest": "uprobes", "answers": (codes.EBADF,)}
    device: dict[str, Any] = {"target": _NO_INTERFACE, "answers": (codes.ENODEV,)}
    driver = (codes.EOPNOTSUPP, codes.EEXIST, codes.EBUSY)
    return (
        feature("cgroup_link", "5.7", "CONFIG_CGROUP_BPF", types.CGROUP_SKB, at.CGROUP_INET_EGRESS),
        feature(
            "xdp_link", "5.9", "CONFIG_NET", types.XDP, at.XDP,
            target=_LOOPBACK, flags=_DRIVER_MODE, answers=driver,
        ),
        feature("netns_link", "5.9", "CONFIG_INET", types.SK_LOOKUP, at.SK_LOOKUP),
        feature("perf_link", "5.15", "CONFIG_PERF_EVENTS", types.TRACEPOINT, at.PERF_EVENT),
        feature("kprobe.multi", "5.18", "CONFIG_FPROBE", types.KPROBE, at.TRACE_KPROBE_MULTI, **probes),
        feature("kprobe.session", "6.10", "CONFIG_FPROBE", types.KPROBE, at.TRACE_KPROBE_SESSION, **probes),
        feature(
            "netfilter", "6.4", "CONFIG_NETFILTER_BPF_LINK", types.NETFILTER, at.NETFILTER,
            target=0, rest="netfilter", answers=(codes.EAFNOSUPPORT,),
        ),
        feature("tcx", "6.6", "CONFIG_NET_XGRESS", types.SCHED_CLS, at.TCX_INGRESS, **device),
        feature("uprobe.multi", "6.6", "CONFIG_UPROBES", types.KPROBE, at.TRACE_UPROBE_MULTI, **files),
        feature("netkit", "6.7", "CONFIG_NETKIT", types.SCHED_CLS, at.NETKIT_PRIMARY, **device),
        feature("sockmap_link", "6.10", "CONFIG_NET_SOCK_MSG", types.SK_MSG, at.SK_MSG_VERDICT),
        feature("uprobe.session", "6.13", "CONFIG_UPROBES", types.KPROBE, at.TRACE_UPROBE_SESSION, **files),
    )  # fmt: skip
