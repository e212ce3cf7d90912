"""Programs at a socket: sk_reuseport, which chooses among those of a port, and socket filters."""

from __future__ import annotations

import errno
import os
import socket as sockets
from typing import TYPE_CHECKING

from tinybpf.libbpf._check import error_from
from tinybpf.libbpf.attach._common import require_type
from tinybpf.libbpf.attach._without_link import SocketProgram, UntiedLink
from tinybpf.libbpf.enums import BpfProgType
from tinybpf.libbpf.link import BpfLink, make_link

if TYPE_CHECKING:
    from tinybpf.libbpf.program import BpfProgram

# Of asm-generic/socket.h, as all machines have them that eBPF programs are run on.
SO_DETACH_FILTER, SO_ATTACH_BPF, SO_ATTACH_REUSEPORT_EBPF, SO_DETACH_REUSEPORT_BPF = 27, 50, 52, 68
SOCKET_FILTER = {BpfProgType.SOCKET_FILTER: ("socket filter", SO_ATTACH_BPF, SO_DETACH_FILTER)}
SELECTION = {
    type: ("sk_reuseport", SO_ATTACH_REUSEPORT_EBPF, SO_DETACH_REUSEPORT_BPF)
    for type in (BpfProgType.SK_REUSEPORT, BpfProgType.SOCKET_FILTER)
}

_HINTS = {
    errno.EINVAL: "it must have SO_REUSEPORT set and be bound, or set it before it is bound",
    errno.ENOTSOCK: "this is no socket",
    errno.EBADF: "the socket is closed",
    errno.ENOPROTOOPT: "this kernel has no such option of sockets",
}


def attach(program: BpfProgram, socket: sockets.socket | int, filters: bool) -> BpfLink:
    """See `BpfProgram.attach_reuseport` and `attach_socket`. Kernel 4.19 or later, 3.19 for filters."""
    kinds = SOCKET_FILTER if filters else SELECTION
    name, option, removal = next(iter(kinds.values()))
    if isinstance(socket, bool) or not isinstance(socket, (sockets.socket, int)):
        raise TypeError(f"socket must be a socket or a descriptor, not {type(socket).__name__}")
    descriptor = socket if isinstance(socket, int) else socket.fileno()
    what = f"attach {name} to socket {descriptor}"
    require_type(program, what, *kinds)
    _held, fd = program._held(), program.fd
    try:
        _set(descriptor, option, fd)
    except OSError as error:
        raise error_from(what, error.errno or 0, None, _HINTS) from None
    made = SocketProgram(descriptor, lambda held: _set(held, removal, 0))
    return make_link(made, f"{name}:fd {descriptor}", program.name, program.owner, UntiedLink)


def _set(descriptor: int, option: int, value: int) -> None:
    if descriptor < 0:
        raise OSError(errno.EBADF, "closed")
    with sockets.socket(fileno=os.dup(descriptor)) as held:
        held.setsockopt(sockets.SOL_SOCKET, option, value)
