"""Traffic control: programs that see each packet that enters or leaves a network interface.

Since kernel 6.6 the program hangs at the interface itself (tcx), as a link of the kernel's, several
in a row. Before, it is a filter of a ``clsact`` queueing discipline: see clsact.py.
"""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

from tinybpf.errors import BpfError, UnsupportedError
from tinybpf.libbpf import _since
from tinybpf.libbpf.attach import _order, clsact
from tinybpf.libbpf.attach._common import create, link_options, require_type
from tinybpf.libbpf.attach._interface import find_interface
from tinybpf.libbpf.enums import BpfProgType
from tinybpf.libbpf.link import BpfLink

if TYPE_CHECKING:
    from tinybpf.libbpf.attach._order import Neighbour
    from tinybpf.libbpf.program import BpfProgram

ATTACH_TYPES = {"ingress": 46, "egress": 47}  # BPF_TCX_INGRESS, BPF_TCX_EGRESS
UNKNOWN = (errno.EINVAL, errno.EOPNOTSUPP)  # what kernels say that have no tcx


def attach(
    program: BpfProgram,
    interface: str | int,
    direction: str | None,
    before: Neighbour,
    after: Neighbour,
    first: bool,
) -> BpfLink:
    """See `BpfProgram.attach_tcx`. Kernel 6.6 or later, 4.5 with clsact."""
    require_type(program, f"attach tcx to '{interface}'", BpfProgType.SCHED_CLS)
    direction = direction_of(program, direction)
    name, index = find_interface("tcx", interface)
    what = f"attach tcx to '{name}' ({direction})"
    opts = link_options()
    ordered = _order.set_order(opts, before, after, first)
    if ordered:
        _since.require_libbpf(what, "order of tcx programs", "1.3")
    target = f"tcx:{name}/{direction}"
    try:
        return create(
            program,
            what,
            target,
            index,
            ATTACH_TYPES[direction],
            opts if ordered else None,
            hints=_order.HINTS,
        )
    except BpfError as error:
        if error.errno not in UNKNOWN:
            raise
        if ordered:
            raise _unordered(what, error) from None
        return _older(program, name, direction, error)


def _unordered(what: str, refused: BpfError) -> BpfError:
    """The same error, or that this kernel has no order among the filters of an interface."""
    why = _since.absence("tcx")
    return refused if why is None else UnsupportedError(f"{what} failed: {why}", refused.errno)


def direction_of(program: BpfProgram, direction: str | None) -> str:
    """Ingress or egress, as given or as the section says."""
    if direction is None:
        direction = program.section.rpartition("/")[2]
        if direction in ATTACH_TYPES:
            return direction
        raise ValueError(
            f"direction is missing: section '{program.section}' of '{program.name}' does not say whether to "
            "attach to ingress or egress"
        )
    if direction not in ATTACH_TYPES:
        raise ValueError(f"direction must be 'ingress' or 'egress', not {direction!r}")
    return direction


def _older(program: BpfProgram, interface: str, direction: str, refused: BpfError) -> BpfLink:
    """By clsact, or the exception that tells of both."""
    try:
        return clsact.attach(program, interface, direction)
    except BpfError as error:
        why = _since.absence("tcx")
        error.message += f"\n  and before that: {refused.message}{f' ({why})' if why else ''}"
        raise
