"""netkit: a pair of network devices that hand packets to programs first, for containers."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

from tinybpf.libbpf import _since
from tinybpf.libbpf._lib import ffi, lib
from tinybpf.libbpf.attach._common import perform, require_type
from tinybpf.libbpf.attach._interface import find_interface
from tinybpf.libbpf.enums import BpfProgType
from tinybpf.libbpf.link import BpfLink, FdLink, make_link

if TYPE_CHECKING:
    from tinybpf.libbpf.program import BpfProgram

ATTACH_TYPES = {"primary": 54, "peer": 55}  # BPF_NETKIT_PRIMARY, BPF_NETKIT_PEER


def attach(program: BpfProgram, interface: str | int, peer: bool | None) -> BpfLink:
    """See `BpfProgram.attach_netkit`. Kernel 6.7 or later."""
    require_type(program, f"attach netkit to '{interface}'", BpfProgType.SCHED_CLS)
    side = program.section.rpartition("/")[2] if peer is None else "peer" if peer else "primary"
    if side not in ATTACH_TYPES:
        raise ValueError(f"peer is missing: section '{program.section}' does not say which side is meant")
    name, index = find_interface("netkit", interface)
    fd = perform(
        program,
        f"attach netkit to '{name}' ({side})",
        lib.bpf_link_create,
        program.fd,
        index,
        ATTACH_TYPES[side],
        ffi.NULL,
        hints={
            errno.EINVAL: lambda: _since.absence("netkit") or f"'{name}' is no netkit device",
            errno.EACCES: f"programs are attached to the primary device of the pair, '{name}' is its peer",
            errno.EOPNOTSUPP: "the kernel has no CONFIG_NETKIT",
        },
    )
    return make_link(fd, f"netkit:{name}/{side}", program.name, program.owner, FdLink)
