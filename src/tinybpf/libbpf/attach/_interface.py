"""Network interfaces, which several kinds of attachment name, and the namespaces that they are in."""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager

from tinybpf.libbpf._check import check, not_found
from tinybpf.libbpf._lib import lib


def find_interface(kind: str, interface: str | int, action: str = "attach") -> tuple[str, int]:
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
        raise _no_interface(kind, interface, action) from None


def own_namespace() -> int:
    """A descriptor of the network namespace that this thread is in."""
    return os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)


@contextmanager
def within(namespace: int) -> Iterator[None]:
    """This thread in another network namespace."""
    own = own_namespace()
    try:
        if os.path.samestat(os.fstat(own), os.fstat(namespace)):
            yield
            return
        check("enter the network namespace of the attachment", lib.tb_enter_netns(namespace))
        try:
            yield
        finally:
            lib.tb_enter_netns(own)
    finally:
        os.close(own)


def _no_interface(kind: str, interface: str | int, action: str) -> Exception:
    names = ", ".join(name for _, name in socket.if_nameindex()) or "none"
    preposition = "to" if action == "attach" else "of"
    return not_found(
        f"{action} {kind} {preposition} '{interface}' failed: there is no such network interface; there is: "
        f"{names}",
        errno.ENODEV,
    )
