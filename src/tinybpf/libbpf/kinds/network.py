"""Maps that redirect packets: to devices, CPUs and sockets."""

from __future__ import annotations

import errno
import socket
import struct
from collections.abc import Iterable
from typing import Any, ClassVar, NamedTuple

from tinybpf.errors import NotFoundError
from tinybpf.libbpf._check import ENOTSUPP
from tinybpf.libbpf._mapcore import OperationHints
from tinybpf.libbpf.kinds.references import References, Unreadable, descriptor_of

_NUMBER = struct.Struct("=I")
_PAIR = struct.Struct("=II")


class Redirect(NamedTuple):
    """A device's index or a CPU's queue size, and the id of the XDP program that runs there (0: none)."""

    target: int
    program: int


class _Redirects(References):
    """A number, and from Linux 5.8 (devices) and 5.9 (CPUs) on a program where values have 8 bytes."""

    def _assigned(self, value: Any) -> bytes:
        program: Any = None
        if isinstance(value, tuple):
            value, program = value
        number = self._number(value)
        if self._core.value_size == _NUMBER.size:
            if program is not None:
                raise ValueError(f"map '{self.name}' has values of 4 bytes: no room for a program")
            return _NUMBER.pack(number)
        # No program is a descriptor that is none.
        return _PAIR.pack(number, 0xFFFFFFFF if program is None else descriptor_of(program, "program"))

    def _found(self, raw: bytes) -> Any:
        return _NUMBER.unpack(raw)[0] if len(raw) == _NUMBER.size else Redirect(*_PAIR.unpack(raw))

    def _number(self, value: Any) -> int:
        if isinstance(value, int) and 0 <= value < 1 << 32:
            return value
        raise TypeError(f"{value!r} ({type(value).__name__}) is no {self.thing}")


class Devices(_Redirects):
    """Network devices by index or key: a name, an ifindex, or ``(device, program)``. Kernel 4.14 or later.

    Reading gives the ifindex, or a `Redirect` where there is room for a program.
    """

    thing = "network device"
    hints: ClassVar[OperationHints] = {
        "update": {
            errno.EINVAL: "there is no such device in this network namespace, or the program is no XDP "
            'program for a devmap (SEC "xdp/devmap")',
        }
    }

    def _number(self, value: Any) -> int:
        if not isinstance(value, str):
            return super()._number(value)
        try:
            return socket.if_nametoindex(value)
        except OSError:
            raise NotFoundError(
                f"update map '{self.name}' failed: there is no network device '{value}'", errno.ENODEV
            ) from None


class Cpus(_Redirects):
    """CPUs by number: the size of the queue to each, or ``(size, program)``. Kernel 4.15 or later."""

    thing = "queue size"
    hints: ClassVar[OperationHints] = {
        "update": {
            errno.EOVERFLOW: "a queue has at most 16384 places",
            errno.ENODEV: "this machine has no such CPU",
            errno.ENOMEM: 'or the program is no XDP program for a cpumap (SEC "xdp/cpumap")',
            errno.EINVAL: 'the program is no XDP program for a cpumap (SEC "xdp/cpumap")',  # Linux 7.2
        }
    }


class XdpSockets(Unreadable):
    """AF_XDP sockets by index: a socket or its descriptor. Kernel 4.18 or later."""

    thing = "AF_XDP socket"
    hints: ClassVar[OperationHints] = {
        "update": {
            errno.EOPNOTSUPP: "this is no AF_XDP socket",
            errno.ENOBUFS: "the socket has no ring to receive with (XDP_RX_RING)",  # Linux 7.2
            errno.ENOTSOCK: "the value is no descriptor of a socket",
        },
        "look up in": {ENOTSUPP: "the kernel does not tell which sockets are in it"},
    }


class Sockets(References):
    """Sockets by index or key: a socket or its descriptor. Kernel 4.14, hashes 4.18 or later.

    Reading gives their cookies (``SO_COOKIE``), where values have 8 bytes.
    """

    thing = "socket"
    hints: ClassVar[OperationHints] = {
        "update": {
            errno.EOPNOTSUPP: "TCP sockets must be established or listening, others be bound or connected",
            errno.EINVAL: "this is no socket of a kind that the map takes",
            errno.ENOTSOCK: "the value is no descriptor of a socket",
        },
        "look up in": {errno.ENOSPC: "reading cookies takes values of 8 bytes, the map's have 4"},
        "iterate over": {errno.ENOSPC: "reading cookies takes values of 8 bytes, the map's have 4"},
    }

    def delete(self, key: Any) -> bool:
        from tinybpf.errors import BpfError

        try:
            return super().delete(key)
        except BpfError as error:
            if error.errno == errno.EINVAL:  # the kernel's word for an index without a socket
                return False
            raise

    def delete_many(self, keys: Iterable[Any]) -> int:
        return sum(self.delete(key) for key in keys)

    def __delitem__(self, key: Any) -> None:
        if not self.delete(key):
            raise KeyError(key)

    def clear(self) -> None:
        """Take all sockets out."""
        for key in list(self._raw()._entries("keys")):
            self.typed(key=bytes).delete(key)
