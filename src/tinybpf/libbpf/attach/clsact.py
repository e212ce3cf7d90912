"""Traffic control the way it was done before kernel 6.6: a filter below a clsact queueing discipline.

Nothing in the kernel ties such a filter to the process that made it. The link takes it away when it
is destroyed, with its object, or when the interpreter ends, and the discipline with it where the
link made it and no other filter is left; a process that is killed leaves both behind.
"""

from __future__ import annotations

import errno
import os
import socket
import struct
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from tinybpf.errors import BpfError
from tinybpf.libbpf._check import attempt
from tinybpf.libbpf._lib import ffi, lib
from tinybpf.libbpf.attach._common import perform, require_type
from tinybpf.libbpf.attach._interface import find_interface, own_namespace, within
from tinybpf.libbpf.attach._without_link import GONE, UntiedLink
from tinybpf.libbpf.enums import BpfProgType
from tinybpf.libbpf.link import BpfLink, make_link

if TYPE_CHECKING:
    from tinybpf.libbpf.program import BpfProgram

POINTS = {"ingress": 1, "egress": 2}  # BPF_TC_INGRESS, BPF_TC_EGRESS
PARENTS = (0xFFFFFFF2, 0xFFFFFFF3)  # of the filters of both directions

RTM_NEWTFILTER, RTM_GETTFILTER, NLM_F_REQUEST_DUMP = 44, 46, 0x301
NLMSG_ERROR, NLMSG_DONE = 2, 3

_made: dict[tuple[tuple[int, int], int], int] = {}
"""How many filters of ours there are below a discipline that is ours, by namespace and interface. It is
ours until the last of them goes: what is at the same place later may be somebody else's."""


class Filter:
    """A filter, and the network namespace that it is in."""

    def __init__(self, index: int, direction: str) -> None:
        self.index = index
        self.direction = direction
        self.handle = self.priority = 0
        self.namespace = own_namespace()
        found = os.fstat(self.namespace)
        self.place = (found.st_dev, found.st_ino), index
        self.counts = False  # in _made

    def hook(self, points: int) -> Any:
        hook = ffi.new("struct bpf_tc_hook *")
        hook.sz = ffi.sizeof("struct bpf_tc_hook")
        hook.ifindex, hook.attach_point = self.index, points
        return hook

    def options(self) -> Any:
        options = ffi.new("struct bpf_tc_opts *")
        options.sz = ffi.sizeof("struct bpf_tc_opts")
        return options

    def add(self, what: str, program: BpfProgram) -> None:
        """Make the discipline where there is none, and the filter."""
        both = self.hook(POINTS["ingress"] | POINTS["egress"])
        try:
            perform(program, what, lib.bpf_tc_hook_create, both)
            _made.setdefault(self.place, 0)
        except BpfError as error:
            if error.errno != errno.EEXIST:
                raise
        if self.place in _made:
            _made[self.place] += 1
            self.counts = True
        options = self.options()
        _held, options.prog_fd = program._held(), program.fd
        try:
            perform(program, what, lib.bpf_tc_attach, self._hook(), options)
        except BpfError:
            self._remove_discipline()
            raise
        self.handle, self.priority = options.handle, options.priority

    def remove(self) -> None:
        """Take the filter away, and the discipline where it is ours and empty. Idempotent."""
        namespace, self.namespace = self.namespace, -1
        if namespace < 0:
            return
        options = self.options()
        options.handle, options.priority = self.handle, self.priority
        try:
            with within(namespace):
                self._detach(options)
        finally:
            os.close(namespace)

    def _detach(self, options: Any) -> None:
        try:
            attempt(f"detach clsact from interface {self.index}", lib.bpf_tc_detach, self._hook(), options)
        except BpfError as error:
            if error.errno not in GONE:
                raise
        self._remove_discipline()

    def _hook(self) -> Any:
        return self.hook(POINTS[self.direction])

    def _remove_discipline(self) -> None:
        if not self.counts or self.place not in _made:
            return
        _made[self.place] -= 1
        if _made[self.place]:
            return
        del _made[self.place]
        if not any(_has_filters(self.index, parent) for parent in PARENTS):
            lib.bpf_tc_hook_destroy(self.hook(POINTS["ingress"] | POINTS["egress"]))


class ClsactLink(UntiedLink):
    """A filter as a link."""

    kind = "a clsact filter"
    _lacking = "tcx"


def attach(program: BpfProgram, interface: str | int, direction: str) -> BpfLink:
    """See `BpfProgram.attach_clsact`. Kernel 4.5 or later."""
    require_type(program, f"attach clsact to '{interface}'", BpfProgType.SCHED_CLS)
    name, index = find_interface("clsact", interface)
    made = Filter(index, direction)
    try:
        made.add(f"attach clsact to '{name}' ({direction})", program)
    except BaseException:
        os.close(made.namespace)
        raise
    return make_link(made, f"clsact:{name}/{direction}", program.name, program.owner, ClsactLink)


def _has_filters(index: int, parent: int) -> bool:
    """Whether the kernel lists a filter there; True where it does not say."""
    header = struct.pack("=IHHII", 36, RTM_GETTFILTER, NLM_F_REQUEST_DUMP, 1, 0)
    message = header + struct.pack("=4xiIII", index, 0, parent, 0)
    try:
        with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, 0) as netlink:
            netlink.settimeout(2)
            netlink.sendto(message, (0, 0))
            while True:
                for kind in _kinds(netlink.recv(1 << 16)):
                    if kind == RTM_NEWTFILTER:
                        return True
                    if kind == NLMSG_DONE:
                        return False
                    if kind == NLMSG_ERROR:
                        return True
    except OSError:
        return True


def _kinds(answer: bytes) -> Iterator[int]:
    """The types of the messages in a netlink answer."""
    at = 0
    while at + 16 <= len(answer):
        size, kind = struct.unpack_from("=IH", answer, at)
        yield kind
        at += max(16, size + 3 & ~3)
