"""Two network namespaces with a veth pair between them."""

from __future__ import annotations

import ctypes
import os
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

CLONE_NEWNET = 0x40000000
LIBC = ctypes.CDLL(None, use_errno=True)


class Namespace:
    """A network namespace; ``run`` calls a function within it."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.path = f"/run/netns/{name}"

    def run(self, function: Callable[[], Any]) -> Any:
        """The result of the function, called by a thread that enters the namespace."""
        result: list[Any] = []

        def work() -> None:
            fd = os.open(self.path, os.O_RDONLY)
            try:
                if LIBC.setns(fd, CLONE_NEWNET):
                    raise OSError(ctypes.get_errno(), "setns")
                result.append(function())
            except BaseException as error:
                result.append(error)
            finally:
                os.close(fd)

        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        if isinstance(result[0], BaseException):
            raise result[0]
        return result[0]

    def socket(self) -> socket.socket:
        return self.run(lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM))


def ip(command: str) -> None:
    subprocess.run(["ip", *command.split()], check=True)


@pytest.fixture
def veth() -> Iterator[tuple[Namespace, Namespace]]:
    """Two namespaces, 10.99.0.1 on ``va`` in the first and 10.99.0.2 on ``vb`` in the second."""
    names = [f"tinybpf{os.getpid()}{end}" for end in "ab"]
    ends = Namespace(names[0]), Namespace(names[1])
    try:
        for name in names:
            ip(f"netns add {name}")
        ip(f"link add va netns {names[0]} type veth peer name vb netns {names[1]}")
        for number, (name, device) in enumerate(zip(names, ("va", "vb"), strict=True), 1):
            ip(f"-n {name} addr add 10.99.0.{number}/24 dev {device}")
            ip(f"-n {name} link set {device} up")
        yield ends
    finally:
        for name in names:
            subprocess.run(["ip", "netns", "del", name], check=False)


@pytest.fixture
def arrives(veth: tuple[Namespace, Namespace]) -> Callable[[int], bool]:
    """Whether a datagram from the first namespace reaches that port in the second."""

    def reached(port: int) -> bool:
        with veth[0].socket() as sender, veth[1].socket() as receiver:
            receiver.bind(("10.99.0.2", port))
            receiver.settimeout(0.3)
            sender.sendto(b"x" * 20, ("10.99.0.2", port))
            try:
                return receiver.recv(100) == b"x" * 20
            except TimeoutError:
                return False

    return reached
