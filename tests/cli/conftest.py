"""Running the command line, in this process or in one of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tinybpf.cli import main

GOOD = """package main

import "unsafe"

type bpfMapDef struct{ Type, KeySize, ValueSize, MaxEntries, MapFlags uint32 }

var packets = bpfMapDef{Type: 1, KeySize: 4, ValueSize: 8, MaxEntries: 1}

//go:extern bpf_map_lookup_elem
func bpfMapLookupElem(m, key unsafe.Pointer) unsafe.Pointer

//export count
func count(ctx unsafe.Pointer) int32 {
	key := uint32(0)
	bpfMapLookupElem(unsafe.Pointer(&packets), unsafe.Pointer(&key))
	return 2
}

//export drop
//bpf:section xdp
func drop(ctx unsafe.Pointer) int32 { return 1 }
"""
BAD = GOOD.replace("return 1", "return nothing").replace("return 2", 'return "two"')
CONFIG = '{"build": {"programs": {"count": "xdp"}}}'


@dataclass(frozen=True)
class Outcome:
    status: int
    out: str
    err: str


@pytest.fixture
def project_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with two programs in ``bpf``, which is also the working directory's name for it."""
    (tmp_path / "bpf").mkdir()
    (tmp_path / "bpf" / "count.go").write_text(GOOD)
    (tmp_path / "tinybpf.json").write_text(CONFIG)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def bad_source(project_dir: Path) -> None:
    """Two mistakes in the project's program."""
    (project_dir / "bpf" / "count.go").write_text(BAD)


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str]) -> Callable[..., Outcome]:
    """Run a command line in this process."""

    def execute(*arguments: str) -> Outcome:
        status = main(list(arguments))
        captured = capfd.readouterr()
        assert "Traceback" not in captured.err
        return Outcome(status, captured.out, captured.err)

    return execute


@pytest.fixture
def command() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run ``python -m tinybpf`` as a process; keyword arguments as for ``subprocess.run``."""

    def execute(
        *arguments: str, env: dict[str, str] | None = None, **given: object
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(  # type: ignore[call-overload,no-any-return]
            [sys.executable, "-m", "tinybpf", *arguments],
            text=True,
            stderr=given.pop("stderr", subprocess.PIPE),
            stdout=given.pop("stdout", subprocess.PIPE),
            env=os.environ | (env or {}),
            **given,
        )

    return execute
