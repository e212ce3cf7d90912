"""Running an example's main.py, and a network for it to work in."""

from __future__ import annotations

import contextlib
import os
import re
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import old_kernels
import pytest
from kernel_places import Ends, Namespace, is_received, wire
from patience import patient


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
        deadline = time.monotonic() + patient(seconds)
        while time.monotonic() < deadline:
            if found := re.search(pattern, self.printed, re.MULTILINE):
                return found
            if poke:
                poke()
            if select.select([self.process.stdout], [], [], 0.1)[0]:
                self.printed += os.read(self.process.stdout.fileno(), 1 << 16).decode()
            if self.process.poll() is not None:
                said = self.process.communicate()[1].decode()
                old_kernels.skip_where_it_says_so(said)
                pytest.fail(f"main.py ended by itself: {self.printed}\n{said}")
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


ADDRESSES = ("10.98.0.1/24", "10.98.0.5/24", "fd98::1/64"), ("10.98.0.2/24", "fd98::2/64")


@pytest.fixture
def ends() -> Iterator[Ends]:
    """Two namespaces with a veth pair between them and the addresses above."""
    with wire(*ADDRESSES) as (here, there):
        wait_for_ipv6(here, there)
        yield here, there


def wait_for_ipv6(here: Namespace, there: Namespace) -> None:
    """IPv6 takes a second or two before it uses a new interface."""
    deadline = time.monotonic() + 20
    with here.socket("fd98::1") as sender, there.socket("fd98::2") as receiver:
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError):
                if is_received(sender, receiver):
                    return
    pytest.fail("no IPv6 between the ends of the veth pair")


@pytest.fixture
def udp_arrives(ends: Ends) -> Callable[..., bool]:
    """Whether a datagram from an address of the first namespace reaches one of the second."""

    def reached(source: str, target: str, at: socket.socket | None = None) -> bool:
        with contextlib.ExitStack() as stack:
            sender = stack.enter_context(ends[0].socket(source))
            receiver = at or stack.enter_context(ends[1].socket(target))
            return is_received(sender, receiver)

    return reached


@pytest.fixture
def tcp_connects(ends: Ends) -> Callable[..., bool]:
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
