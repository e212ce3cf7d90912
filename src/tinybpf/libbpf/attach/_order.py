"""Where a program stands among the others that are attached to the same place."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING, Any

from tinybpf.libbpf._handle import Descriptor
from tinybpf.libbpf.link import BpfLink

if TYPE_CHECKING:
    from tinybpf.libbpf.program import BpfProgram

    Neighbour = BpfLink | BpfProgram | None

BEFORE, AFTER, LINK = 1 << 3, 1 << 4, 1 << 13  # BPF_F_BEFORE, BPF_F_AFTER, BPF_F_LINK

HINTS = {
    errno.ENOENT: "the neighbour that is given is not attached there",
    errno.ERANGE: "as many programs are attached there as the kernel allows",
    errno.EEXIST: "this program is attached there already",
}


def set_order(opts: Any, before: Neighbour, after: Neighbour, first: bool) -> Any:
    """Fill in the order; None where none is wished for, and the program comes last.

    As long as somebody has what comes back, the neighbour's descriptor stays open.
    """
    if sum((before is not None, after is not None, bool(first))) > 1:
        raise ValueError("give one of before, after and first")
    if first:
        opts.flags |= BEFORE
        return True
    neighbour = after if before is None else before
    if neighbour is None:
        return None
    opts.flags |= AFTER if before is None else BEFORE
    held, opts.tcx.relative_fd = _descriptor(neighbour)
    if isinstance(neighbour, BpfLink):
        opts.flags |= LINK
    return held


def _descriptor(neighbour: Any) -> tuple[Any, int]:
    from tinybpf.libbpf.program import BpfProgram

    if isinstance(neighbour, BpfProgram):
        return neighbour._held(), neighbour.fd
    if isinstance(neighbour, BpfLink):
        with neighbour._lock:
            own = Descriptor(os.dup(neighbour._kernel_link(f"attach beside '{neighbour.target}'")))
        return own, own.number
    raise TypeError(f"before and after take a link or a program, not {type(neighbour).__name__}")
