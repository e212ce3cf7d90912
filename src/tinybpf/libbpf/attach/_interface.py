"""Network interfaces, which several kinds of attachment name."""

from __future__ import annotations

import errno
import socket

from tinybpf.libbpf._check import not_found


def find_interface(kind: str, interface: str | int) -> tuple[str, int]:
    """Name and index of an interface given by either; `NotFoundError` where there is none.

    ``kind`` is what was to be attached, for the message.
    """
    if isinstance(interface, bool) or not isinstance(interface, (str, int)):
        raise TypeError(f"interface must be a name or an index, not {type(interface).__name__}")
    try:
        if isinstance(interface, int):
            if interface <= 0:
                raise OSError
            return socket.if_indextoname(interface), interface
        if "\0" in interface:
            raise OSError
        return interface, socket.if_nametoindex(interface)
    except (OSError, OverflowError, ValueError):
        raise _no_interface(kind, interface) from None


def _no_interface(kind: str, interface: str | int) -> Exception:
    names = ", ".join(name for _, name in socket.if_nameindex()) or "none"
    return not_found(
        f"attach {kind} to '{interface}' failed: there is no such network interface; there is: {names}",
        errno.ENODEV,
    )
