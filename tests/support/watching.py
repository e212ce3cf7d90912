"""Programs of ``arguments.go``, each loaded alone, and calls of the kernel that they see."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import tinybpf


class Watch:
    """One program of ``arguments.go``, not attached yet, and what it has seen."""

    def __init__(self, obj: tinybpf.BpfObject, name: str) -> None:
        self.obj = obj
        self.program = obj.program(name)

    def __getitem__(self, which: int) -> tuple[int, list[int]]:
        """How often a program was called, and the numbers of the last time."""
        seen = self.obj.map("seen")[which]
        return seen.Calls, list(seen.Numbers)


@pytest.fixture
def watch(build: Callable[..., bytes], me: int) -> Iterator[Callable[[str], Watch]]:
    """``watch("onEntry")`` loads the program alone; only what this process does counts."""
    opened: list[tinybpf.BpfObject] = []

    def load(name: str, **variables: Any) -> Watch:
        obj = tinybpf.load(build("arguments", name), variables={"target": me, **variables})
        opened.append(obj)
        return Watch(obj, name)

    yield load
    for obj in opened:
        obj.close()


class Fallocate:
    """The system call, on a file that is open for reading only: it reaches the kernel's function, which
    says -EBADF."""

    def __init__(self, fd: int) -> None:
        self.fd = fd
        self._call = ctypes.CDLL(None, use_errno=True).fallocate
        self._call.argtypes = [ctypes.c_int, ctypes.c_int, ctypes.c_int64, ctypes.c_int64]

    def __call__(self, mode: int, offset: int, length: int) -> int:
        """The kernel's result."""
        result: int = self._call(self.fd, mode, offset, length)
        return -ctypes.get_errno() if result < 0 else result


@pytest.fixture
def fallocate(tmp_path: Path) -> Iterator[Fallocate]:
    path = tmp_path / "file"
    path.touch()
    fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    yield Fallocate(fd)
    os.close(fd)
