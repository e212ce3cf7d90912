"""Running an example's main.py, and places for it to work in: network namespaces, a cgroup."""

from __future__ import annotations

import contextlib
import ctypes
import os
import re
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

CLONE_NEWNET = 0x40000000
LIBC = ctypes.CDLL(None, use_errno=True)


class Script:
    """A running main.py, and what it has printed so far."""

    def __init__(self, command: list[str]) -> None:
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.printed = ""

    def until(
        self, pattern: str, poke: Callable[[], Any] | None = None, seconds: float = 60
    ) -> re.Match[str]:
        """Wait for a line, and call ``poke`` every now and then, which should bring it about."""
        assert self.process.stdout is not None
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if found := re.search(pattern, self.printed, re.MULTILINE):
                return found
            if poke:
                poke()
            if select.select([self.process.stdout], [], [], 0.1)[0]:
                self.printed += os.read(self.process.stdout.fileno(), 1 << 16).decode()
            if self.process.poll() is not None:
                pytest.fail(
                    f"main.py ended by itself: {self.printed}\n{self.process.communicate()[1].decode()}"
                )
        pytest.fail(f"not printed within {seconds} s: {pattern}; printed: {self.printed!r}")

    def interrupt(self) -> str:
        """Ctrl-C; all that it printed. It must end quietly."""
        self.process.send_signal(signal.SIGINT)
        rest, errors = self.process.communicate(timeout=30)
        assert (self.process.returncode, errors) == (0, b"")
        return self.printed + rest.decode()


@pytest.fixture
def bpf(project: Path, request: pytest.FixtureRequest) -> Path:
    """The Go package of the example that the test module is named for: ``test_xdp_filter``."""
    name = request.module.__name__.rpartition("test_")[2].replace("_", "-")
    return project / "examples" / name / "bpf"


@pytest.fixture
def run_main(bpf: Path) -> Iterator[Callable[..., Script]]:
    """``run_main("eth0", …, namespace=…)`` starts the example's main.py; it is ended with the test."""
    started: list[Script] = []

    def start(*arguments: str, namespace: Namespace | None = None) -> Script:
        enter = ["nsenter", f"--net={namespace.path}"] if namespace else []
        script = Script([*enter, sys.executable, str(bpf.parent / "main.py"), *arguments])
        started.append(script)
        return script

    yield start
    for script in started:
        script.process.kill()
        script.process.communicate()


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

    def socket(self, address: str, kind: int) -> socket.socket:
        """A socket bound to an address of this namespace, at a port of the kernel's choice."""
        made = self.run(lambda: socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, kind))
        made.bind((address, 0))
        made.settimeout(0.3)
        return made


def ip(command: str) -> None:
    subprocess.run(["ip", *command.split()], check=True)


ADDRESSES = ("10.98.0.1/24", "10.98.0.5/24", "fd98::1/64"), ("10.98.0.2/24", "fd98::2/64")


@pytest.fixture
def ends() -> Iterator[tuple[Namespace, Namespace]]:
    """Two namespaces with a veth pair between them and the addresses above."""
    both = tuple(Namespace(f"examples{os.getpid()}{end}", f"v{end}") for end in "ab")
    here, there = both
    try:
        for end in both:
            ip(f"netns add {end.name}")
        ip(f"link add va netns {here.name} type veth peer name vb netns {there.name}")
        for end, addresses in zip(both, ADDRESSES, strict=True):
            for address in addresses:
                ip(f"-n {end.name} addr add {address} dev {end.device} {'nodad' if ':' in address else ''}")
            ip(f"-n {end.name} link set {end.device} up")
            ip(f"-n {end.name} link set lo up")
        wait_for_ipv6(here, there)
        yield here, there
    finally:
        for end in both:
            subprocess.run(["ip", "netns", "del", end.name], check=False)


def wait_for_ipv6(here: Namespace, there: Namespace) -> None:
    """IPv6 takes a second or two before it uses a new interface."""
    deadline = time.monotonic() + 20
    with (
        here.socket("fd98::1", socket.SOCK_DGRAM) as sender,
        there.socket("fd98::2", socket.SOCK_DGRAM) as at,
    ):
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError):
                sender.sendto(b"up?", at.getsockname())
                if at.recv(100):
                    return
    pytest.fail("no IPv6 between the ends of the veth pair")


@pytest.fixture
def udp_arrives(ends: tuple[Namespace, Namespace]) -> Callable[..., bool]:
    """Whether a datagram from an address of the first namespace reaches one of the second."""

    def reached(source: str, target: str, at: socket.socket | None = None) -> bool:
        with contextlib.ExitStack() as stack:
            sender = stack.enter_context(ends[0].socket(source, socket.SOCK_DGRAM))
            receiver = at or stack.enter_context(ends[1].socket(target, socket.SOCK_DGRAM))
            sender.sendto(b"x" * 20, receiver.getsockname())
            try:
                return receiver.recv(100) == b"x" * 20
            except TimeoutError:
                return False

    return reached


@pytest.fixture
def tcp_connects(ends: tuple[Namespace, Namespace]) -> Callable[..., bool]:
    """Whether a connection from an address of the first namespace to one of the second is made."""

    def made(source: str, target: str, at: socket.socket | None = None) -> bool:
        with contextlib.ExitStack() as stack:
            server = at or stack.enter_context(ends[1].socket(target, socket.SOCK_STREAM))
            server.listen()
            client = stack.enter_context(ends[0].socket(source, socket.SOCK_STREAM))
            try:
                client.connect(server.getsockname())
            except TimeoutError:
                return False
            return True

    return made


@pytest.fixture
def cgroup() -> Iterator[Path]:
    """A cgroup of version 2 of our own, below wherever this machine has them mounted."""
    with open("/proc/self/mounts") as file:
        roots = [line.split()[1] for line in file if line.split()[2] == "cgroup2"]
    mounted = Path(f"/tmp/tinybpf-examples-{os.getpid()}")
    if not roots:
        mounted.mkdir()
        subprocess.run(["mount", "-t", "cgroup2", "none", mounted], check=True)
        roots = [str(mounted)]
    made = Path(roots[0]) / f"tinybpf-example-{os.getpid()}"
    made.mkdir()
    yield made
    made.rmdir()
    if mounted.exists():
        subprocess.run(["umount", mounted], check=True)
        mounted.rmdir()
