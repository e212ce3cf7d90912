"""gofmt, go vet, go build and go test pass on the typed package and on the programs of its page."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from .conftest import OURS, Go, runner

PACKAGES = ("./ebpf/...", "./programs/...")


@pytest.fixture
def go(project: Path, tmp_path: Path) -> Go:
    return runner(OURS, project / "go", tmp_path / "modules")


def test_formatted(project: Path) -> None:
    done = subprocess.run(
        [OURS.with_name("gofmt"), "-l", "ebpf", "programs"],
        cwd=project / "go", stdout=subprocess.PIPE, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize("command", ["vet", "build", "test"])
def test_passes(go: Go, command: str) -> None:
    done = go(command, *PACKAGES, GOFLAGS="-mod=mod")
    assert done.returncode == 0, done.stdout


def test_each_program_has_a_test(go: Go, project: Path) -> None:
    done = go("test", "-count=1", "-v", "./programs/...", GOFLAGS="-mod=mod")
    assert done.returncode == 0, done.stdout
    tested = set(re.findall(r"^ok\s+tinybpf/programs/(\w+)\s", done.stdout, flags=re.M))
    programs = {path.name for path in (project / "go" / "programs").iterdir() if path.is_dir()}
    assert tested == programs
    assert len(programs) >= 12
    assert done.stdout.count("--- PASS") > len(programs)


@pytest.mark.parametrize("command", ["vet", "build"])
def test_what_the_compiler_sees_is_sound(go: Go, command: str) -> None:
    """The files that only our compiler reads are type-checked too; functions need no bodies there."""
    done = go(command, "-gcflags=all=-complete=false", "-tags=bpf,tinygo", *PACKAGES, GOFLAGS="-mod=mod")
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("system", ["darwin", "windows", "linux"])
def test_builds_where_programs_are_written(go: Go, system: str) -> None:
    """Nobody needs Linux to edit a program and run its Go test."""
    done = go("build", "./ebpf/...", GOFLAGS="-mod=mod", GOOS=system, GOARCH="arm64")
    assert done.returncode == 0, done.stdout
