"""Places for programs of the kernel tests to work in: network namespaces on a wire, and a cgroup."""

from __future__ import annotations

import ctypes
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tinybpf import system

CLONE_NEWNET = 0x40000000
LIBC = ctypes.CDLL(None, use_errno=True)
ARRIVAL = 0.5
"""Seconds that what is sent may take, be the machine busy."""

Ends = tuple["Namespace", "Namespace"]


class Namespace:
    """A network namespace with one end of a veth pair, ``device``."""

    def __init__(self, name: str, device: str) -> None:
        self.name = name
        self.device = device
        self.path = f"/run/netns/{name}"

    def run(self, function: Callable[[], Any]) -> Any:
        """The result of the function, called by a thread that enters the namespace."""
        result: list[Any] = []

        def work() -> None:
            try:
                with open(self.path) as file:
                    if LIBC.setns(file.fileno(), CLONE_NEWNET):
                        raise OSError(ctypes.get_errno(), "setns")
                result.append(function())
            except BaseException as error:
                result.append(error)

        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        if isinstance(result[0], BaseException):
            raise result[0]
        return result[0]

    def socket(self, address: str, kind: int = socket.SOCK_DGRAM, port: int = 0) -> socket.socket:
        """A socket bound to an address of this namespace, by default at a port of the kernel's choice."""
        made = self.run(lambda: socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, kind))
        made.bind((address, port))
        made.settimeout(ARRIVAL)
        return made


def ip(command: str) -> None:
    subprocess.run(["ip", *command.split()], check=True)


@contextmanager
def wire(ours: Sequence[str], theirs: Sequence[str]) -> Iterator[Ends]:
    """Two namespaces with a veth pair between them: ``va`` has our addresses, ``vb`` theirs."""
    if shutil.which("ip") is None:
        pytest.skip("needs the ip command of iproute2")
    here, there = ends = tuple(Namespace(f"tinybpf{os.getpid()}{end}", f"v{end}") for end in "ab")
    try:
        for end in ends:
            ip(f"netns add {end.name}")
        ip(f"link add va netns {here.name} type veth peer name vb netns {there.name}")
        for end, addresses in zip(ends, (ours, theirs), strict=True):
            for address in addresses:
                ip(f"-n {end.name} addr add {address} dev {end.device} {'nodad' if ':' in address else ''}")
            ip(f"-n {end.name} link set {end.device} up")
            ip(f"-n {end.name} link set lo up")
        yield here, there
    finally:
        for end in ends:
            subprocess.run(["ip", "netns", "del", end.name], check=False)


def is_received(sender: socket.socket, receiver: socket.socket) -> bool:
    """Whether a datagram goes from one socket to the other, which has an address and a timeout."""
    text = f"datagram {time.monotonic_ns() % 10**11:011}".encode()  # of 20 bytes
    sender.sendto(text, receiver.getsockname())
    try:
        while (found := receiver.recv(100)) != text:
            assert found.startswith(b"datagram "), found  # an earlier one that came late
    except TimeoutError:
        return False
    return True


@pytest.fixture
def veth() -> Iterator[Ends]:
    """Two namespaces, 10.99.0.1 on ``va`` in the first and 10.99.0.2 on ``vb`` in the second."""
    with wire(["10.99.0.1/24"], ["10.99.0.2/24"]) as ends:
        yield ends


@pytest.fixture
def arrives(veth: Ends) -> Callable[[int], bool]:
    """Whether a datagram from the first namespace reaches that port in the second."""

    def reached(port: int) -> bool:
        with veth[0].socket("10.99.0.1") as sender, veth[1].socket("10.99.0.2", port=port) as receiver:
            return is_received(sender, receiver)

    return reached


@pytest.fixture
def cgroup() -> Iterator[Path]:
    """A cgroup of version 2 of our own, below wherever this machine has them mounted; all may read it."""
    roots = system.mounted("cgroup2")
    mounted = Path(f"/tmp/tinybpf-cgroups-{os.getpid()}")
    if not roots:
        mounted.mkdir()
        subprocess.run(["mount", "-t", "cgroup2", "none", mounted], check=True)
        roots = [str(mounted)]
    made = Path(roots[0]) / f"tinybpf-test-{os.getpid()}"
    made.mkdir()
    made.chmod(0o755)
    yield made
    _remove(made)
    if mounted.exists():
        subprocess.run(["umount", mounted], check=True)
        mounted.rmdir()


def _remove(cgroup: Path) -> None:
    """A process that was in it is gone, but for some time not yet from the cgroup."""
    deadline = time.monotonic() + 10
    while True:
        try:
            cgroup.rmdir()
            return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)


# Runs in the cgroup: connects UDP to the port, which needs nobody to listen; exit status is the errno.
CONNECT = """
import os, socket, sys
with open(sys.argv[1] + "/cgroup.procs", "w") as file:
    file.write(str(os.getpid()))
try:
    socket.socket(socket.AF_INET, socket.SOCK_DGRAM).connect(("127.0.0.1", int(sys.argv[2])))
except OSError as error:
    sys.exit(error.errno)
"""


def connect(cgroup: Path, port: int) -> int:
    """The errno of a connect to the port from within the cgroup, 0 where it went well."""
    return subprocess.run([sys.executable, "-c", CONNECT, str(cgroup), str(port)], check=False).returncode
