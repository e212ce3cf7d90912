"""The wheel and the source package, made once by the commands that users have."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest


def make(project: Path, target: str, dist: Path) -> None:
    """Run ``make TARGET`` with its result in `dist`; MAKEFLAGS of a make around pytest are not for it."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    done = subprocess.run(
        ["make", target, f"DIST={dist}"], cwd=project, env=environment, text=True, capture_output=True
    )
    assert done.returncode == 0, done.stdout + done.stderr


def only(folder: Path, pattern: str) -> Path:
    """The one file that fits."""
    found = list(folder.glob(pattern))
    assert len(found) == 1, found
    return found[0]


def fresh_venv(folder: Path) -> Path:
    """A new virtual environment with pip in it; the path of its Python."""
    venv.create(folder, with_pip=True, symlinks=True)
    return folder / "bin" / "python"


@pytest.fixture(scope="session")
def wheel(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What ``make wheel`` makes."""
    if Path(sys.prefix).resolve() != (project / ".venv").resolve():
        pytest.skip("runs in the environment that `make setup` makes")
    dist = tmp_path_factory.mktemp("dist")
    make(project, "wheel", dist)
    return only(dist, "*.whl")


@pytest.fixture(scope="session")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of a fresh environment with the wheel and what it requires, and nothing else."""
    folder = tmp_path_factory.mktemp("venv")
    folder.chmod(0o755)
    python = fresh_venv(folder)
    subprocess.run([python, "-m", "pip", "install", "--quiet", wheel], check=True)
    return python


@pytest.fixture(scope="session")
def sdist(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What ``make sdist`` makes."""
    if Path(sys.prefix).resolve() != (project / ".venv").resolve():
        pytest.skip("runs in the environment that `make setup` makes")
    dist = tmp_path_factory.mktemp("dist")
    make(project, "sdist", dist)
    return only(dist, "*.tar.gz")
