"""Traffic control: programs that see each packet that enters or leaves a network interface.

Since kernel 6.6 the program hangs at the interface itself (tcx), as a link of the kernel's, several
in a row. Before, it is a filter of a ``clsact`` queueing discipline: see clsact.py.
"""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

from tinybpf.errors import BpfError
from tinybpf.libbpf import _since
from tinybpf.libbpf._lib import ffi, lib
from tinybpf.libbpf.attach import clsact
from tinybpf.libbpf.attach._common import perform, require_type
from tinybpf.libbpf.attach._interface import find_interface
from tinybpf.libbpf.enums import BpfProgType
from tinybpf.libbpf.link import BpfLink, FdLink, make_link

if TYPE_CHECKING:
    from tinybpf.libbpf.program import BpfProgram

ATTACH_TYPES = {"ingress": 46, "egress": 47}  # BPF_TCX_INGRESS, BPF_TCX_EGRESS
UNKNOWN = (errno.EINVAL, errno.EOPNOTSUPP)  # what kernels say that have no tcx


def attach(program: BpfProgram, interface: str | int, direction: str | None) -> BpfLink:
    """See `BpfProgram.attach_tcx`. Kernel 6.6 or later, 4.5 with clsact."""
    require_type(program, f"attach tcx to '{interface}'", BpfProgType.SCHED_CLS)
    direction = direction_of(program, direction)
    name, index = find_interface("tcx", interface)
    what = f"attach tcx to '{name}' ({direction})"
    hints = {errno.EEXIST: "this program is attached there already"}
    try:
        attach_type = ATTACH_TYPES[direction]
        fd = perform(
            program, what, lib.bpf_link_create, program.fd, index, attach_type, ffi.NULL, hints=hints
        )
    except BpfError as error:
        if error.errno not in UNKNOWN:
            raise
        return _older(program, name, direction, error)
    return make_link(fd, f"tcx:{name}/{direction}", program.name, program.owner, FdLink)


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
