"""What the tests of go/programs share: the programs loaded, and packets."""

from __future__ import annotations

import os
import shutil
import socket
import struct
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import tinybpf
from tinybpf.compiler import CompiledObject, compile_go

ROOT = Path(__file__).resolve().parents[2]
FIRST_PID_NAMESPACE = 0xEFFFFFFC


@cache
def compiled(name: str) -> CompiledObject:
    return compile_go(ROOT / "go" / "programs" / name)


@pytest.fixture
def program_of() -> Iterator[Callable[..., Any]]:
    """``program_of("knobs", minNs=5)``: a program of go/programs, loaded until the test ends."""
    objects = []

    def load(name: str, **variables: Any) -> Any:
        objects.append(tinybpf.load(compiled(name), variables=variables))
        return objects[-1]

    yield load
    for obj in objects:
        obj.close()


@pytest.fixture
def same_pids() -> bool:
    """Whether BPF sees the process ids that we see: not so in a container."""
    return os.stat("/proc/self/ns/pid").st_ino == FIRST_PID_NAMESPACE


class Packets:
    """Ethernet frames from 10.99.0.1 to 10.99.0.2."""

    source, target = "10.99.0.1", "10.99.0.2"

    def ethernet(self, payload: bytes, kind: int = 0x0800) -> bytes:
        return bytes(range(1, 13)) + struct.pack("!H", kind) + payload

    def ip(self, protocol: int, payload: bytes, options: bytes = b"", fragment: int = 0) -> bytes:
        length = 20 + len(options)
        head = struct.pack(
            "!BBHHHBBH4s4s", 0x40 | length // 4, 0, length + len(payload), 1, fragment, 64, protocol, 0,
            socket.inet_aton(self.source), socket.inet_aton(self.target),
        )  # fmt: skip
        return self.ethernet(head + options + payload)

    def udp(self, port: int, payload: bytes = b"", source: int = 4711, **more: Any) -> bytes:
        datagram = struct.pack("!HHHH", source, port, 8 + len(payload), 0) + payload
        return self.ip(17, datagram, **more)

    def tcp(self, port: int, source: int = 4711) -> bytes:
        return self.ip(6, struct.pack("!HHIIBBHHH", source, port, 1, 0, 5 << 4, 2, 512, 0, 0))

    def ping(self) -> bytes:
        return self.ip(1, struct.pack("!BBHHH", 8, 0, 0, 1, 1))


@pytest.fixture
def packets() -> Packets:
    return Packets()


@pytest.fixture
def tool(tmp_path: Path) -> Callable[[str, str], Path]:
    """``tool("sleep", "tb-sleep")``: a copy of a program under a name of our own, to be known by its comm."""

    def copy(program: str, name: str) -> Path:
        found = shutil.which(program)
        assert found is not None
        path = tmp_path / name
        path.write_bytes(Path(found).resolve().read_bytes())
        path.chmod(0o755)
        return path

    return copy
