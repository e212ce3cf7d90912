"""XDP: a program that sees each packet of a network interface first."""

from __future__ import annotations

import errno
import socket
from typing import TYPE_CHECKING

from tinybpf.libbpf._check import not_found
from tinybpf.libbpf._lib import lib
from tinybpf.libbpf.attach._common import link
from tinybpf.libbpf.enums import BpfProgType
from tinybpf.libbpf.link import BpfLink

if TYPE_CHECKING:
    from tinybpf.libbpf.program import BpfProgram


def attach(program: BpfProgram, interface: str | int) -> BpfLink:
    """See `BpfProgram.attach_xdp`. Kernel 5.9 or later."""
    program.pointer  # noqa: B018 - a closed object comes before all other reasons
    name, index = find_interface(interface)
    taken = f"'{name}' has an XDP program already: see `ip link show dev {name}`"
    unsuitable = "XDP links need kernel 5.9 or later; a driver may also refuse a large MTU"
    if program.type is not BpfProgType.XDP:
        unsuitable = f"'{program.name}' is a {program.type.name} program, this needs an XDP one"
    return link(
        program,
        f"attach xdp to '{name}'",
        f"xdp:{name}",
        lib.bpf_program__attach_xdp,
        index,
        hints={
            errno.EBUSY: taken,
            errno.EEXIST: taken,
            errno.EINVAL: unsuitable,
            errno.ENODEV: f"interface {index} went away",
        },
    )


def find_interface(interface: str | int) -> tuple[str, int]:
    """Name and index of an interface given by either; `NotFoundError` where there is none."""
    if isinstance(interface, bool) or not isinstance(interface, (str, int)):
        raise TypeError(f"interface must be a name or an index, not {type(interface).__name__}")
    try:
        if isinstance(interface, int):
            if interface <= 0:
                raise OSError
            return socket.if_indextoname(interface), interface
        return interface, socket.if_nametoindex(interface)
    except (OSError, OverflowError, ValueError):
        raise _no_interface(interface) from None


def _no_interface(interface: str | int) -> Exception:
    names = ", ".join(name for _, name in socket.if_nameindex()) or "none"
    return not_found(
        f"attach xdp to '{interface}' failed: there is no such network interface; there is: {names}",
        errno.ENODEV,
    )
