"""Where a program stands among the others that are attached to the same place."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING, Any

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


def set_order(opts: Any, before: Neighbour, after: Neighbour, first: bool) -> bool:
    """Fill in the order; False where none is wished for, and the program comes last."""
    if sum((before is not None, after is not None, bool(first))) > 1:
        raise ValueError("give one of before, after and first")
    if first:
        opts.flags |= BEFORE
        return True
    neighbour = after if before is None else before
    if neighbour is None:
        return False
    opts.flags |= AFTER if before is None else BEFORE
    opts.tcx.relative_fd = _descriptor(neighbour)
    if isinstance(neighbour, BpfLink):
        opts.flags |= LINK
    return True


def _descriptor(neighbour: Any) -> int:
    from tinybpf.libbpf.program import BpfProgram

    if isinstance(neighbour, BpfProgram):
        return neighbour.fd
    if isinstance(neighbour, BpfLink):
        return neighbour._kernel_link(f"attach beside '{neighbour.target}'")
    raise TypeError(f"before and after take a link or a program, not {type(neighbour).__name__}")
