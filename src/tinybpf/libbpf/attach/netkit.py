"""netkit: a pair of network devices that hand packets to programs first, for containers."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

from tinybpf.libbpf import _since
from tinybpf.libbpf.attach import _order
from tinybpf.libbpf.attach._common import create, link_options, require_type
from tinybpf.libbpf.attach._interface import find_interface
from tinybpf.libbpf.enums import BpfProgType
from tinybpf.libbpf.link import BpfLink

if TYPE_CHECKING:
    from tinybpf.libbpf._check import Hints
    from tinybpf.libbpf.attach._order import Neighbour
    from tinybpf.libbpf.program import BpfProgram

ATTACH_TYPES = {"primary": 54, "peer": 55}  # BPF_NETKIT_PRIMARY, BPF_NETKIT_PEER


def attach(
    program: BpfProgram,
    interface: str | int,
    peer: bool | None,
    before: Neighbour,
    after: Neighbour,
    first: bool,
) -> BpfLink:
    """See `BpfProgram.attach_netkit`. Kernel 6.7 or later."""
    require_type(program, f"attach netkit to '{interface}'", BpfProgType.SCHED_CLS)
    side = program.section.rpartition("/")[2] if peer is None else "peer" if peer else "primary"
    if side not in ATTACH_TYPES:
        raise ValueError(f"peer is missing: section '{program.section}' does not say which side is meant")
    name, index = find_interface("netkit", interface)
    what = f"attach netkit to '{name}' ({side})"
    opts = link_options()
    ordered = _order.set_order(opts, before, after, first)
    if ordered:
        _since.require_libbpf(what, "order of netkit programs", "1.3")
    hints: Hints = {
        **_order.HINTS,
        errno.EINVAL: lambda: _since.absence("netkit") or f"'{name}' is no netkit device",
        errno.EACCES: f"programs are attached to the primary device of the pair, '{name}' is its peer",
        errno.EOPNOTSUPP: "the kernel has no CONFIG_NETKIT",
    }
    given = opts if ordered else None
    return create(program, what, f"netkit:{name}/{side}", index, ATTACH_TYPES[side], given, hints=hints)
