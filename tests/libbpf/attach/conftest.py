"""What the tests of attachment share: a library to probe, and the calls that programs count by cookie."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import tinybpf

SOURCE = Path(__file__).resolve().parents[1] / "data" / "marked.c"


class Marked:
    """``data/marked.c`` as a library of this process."""

    def __init__(self, path: Path) -> None:
        self.path = str(path)
        self._library = ctypes.CDLL(self.path)

    def work(self, number: int, wide: int) -> None:
        self._library.work(ctypes.c_int(number), ctypes.c_long(wide))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._library, name)


@pytest.fixture(scope="session")
def marked(tmp_path_factory: pytest.TempPathFactory) -> Marked:
    """A library with functions and USDT probes of our own."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        pytest.skip("needs a C compiler")
    path = tmp_path_factory.mktemp("marked") / "libmarked.so"
    subprocess.run([compiler, "-O1", "-shared", "-fPIC", "-o", path, SOURCE], check=True)
    return Marked(path)


class Counted:
    """One program of ``cookies.go``, and how often it was called with which cookie."""

    def __init__(self, obj: tinybpf.BpfObject, name: str) -> None:
        self.program = obj.program(name)
        self._calls = obj.map("calls")

    def calls(self) -> dict[int, int]:
        return dict(self._calls.items())


@pytest.fixture
def counted(build: Callable[..., bytes], me: int) -> Iterator[Callable[[str], Counted]]:
    """``counted("onRaw")`` loads the program alone; only what this process does counts."""
    opened: list[tinybpf.BpfObject] = []

    def load(name: str) -> Counted:
        opened.append(tinybpf.load(build("cookies", name), variables={"target": me}))
        return Counted(opened[-1], name)

    yield load
    for obj in opened:
        obj.close()
