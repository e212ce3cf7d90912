"""tools/system_packages.sh: what it says and does where something is missing."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """A PATH with this Python and no compiler; apt-get only takes note of how it is called."""
    for name, text in {
        "apt-get": f'echo "$@" >> {tmp_path}/called',
        "python": f'exec {sys.executable} "$@"',
    }.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{text}\n")
        (tmp_path / name).chmod(0o755)
    return tmp_path


def be(bare: Path, uid: int) -> None:
    (bare / "id").write_text(f"#!/bin/sh\necho {uid}\n")
    (bare / "id").chmod(0o755)


def run(
    project: Path, bare: Path, *purposes: str, python: str = "python"
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["/bin/sh", project / "tools/system_packages.sh", *purposes],
        env={"PATH": str(bare), "PYTHON": python},
        capture_output=True,
        text=True,
    )


def test_root_gets_what_is_missing_after_an_update(project: Path, bare: Path) -> None:
    be(bare, 0)
    done = run(project, bare, "build")
    assert done.returncode == 0, done.stderr
    update, install = (bare / "called").read_text().splitlines()
    assert update.startswith("update")
    assert install.split()[0] == "install" and "gcc" in install.split()


def test_an_ordinary_user_is_told_the_command(project: Path, bare: Path) -> None:
    be(bare, 1000)
    done = run(project, bare, "build")
    assert done.returncode == 1
    assert "a C compiler (cc)" in done.stderr
    assert "apt-get update && apt-get install -y gcc" in done.stderr
    assert not (bare / "called").exists()


def test_nothing_is_done_where_nothing_is_missing(project: Path, bare: Path) -> None:
    if not shutil.which("cc"):
        pytest.skip("no C compiler here")
    be(bare, 0)
    (bare / "cc").symlink_to("/bin/true")
    done = run(project, bare, "build")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert not (bare / "called").exists()


def test_an_old_python_is_named(project: Path, bare: Path) -> None:
    be(bare, 0)
    (bare / "cc").symlink_to("/bin/true")
    (bare / "old").write_text(
        f'#!/bin/sh\n[ "$1" = --version ] && {{ echo Python 3.9.2; exit; }}\n'
        f'case "$2" in *version_info*) exit 1 ;; esac\nexec {sys.executable} "$@"\n'
    )
    (bare / "old").chmod(0o755)
    done = run(project, bare, "build", python="old")
    assert done.returncode == 1
    assert "Python 3.9.2 is too old: Python 3.10 or newer is needed" in done.stderr


def test_a_wrong_purpose_is_refused(project: Path, bare: Path) -> None:
    be(bare, 0)
    assert run(project, bare, "cook").returncode == 2
