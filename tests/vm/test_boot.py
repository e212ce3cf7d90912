"""Kernels that really boot: what a user does first, and what goes wrong."""

from __future__ import annotations

import hashlib
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tinybpf import vm
from tinybpf.compiler import compile_go
from tinybpf.vm import tools

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

LINE = "6.12"
PROGRAM = """package bpf

import "tinybpf/ebpf"

var calls uint64

//bpf:section xdp
func pass(ctx *ebpf.XDP) ebpf.XDPAction {
	calls++
	return ebpf.XDPPass
}
"""
TEST = """import hashlib
import os

import tinybpf
from tinybpf.compiler import compile_go

def test_it():
    with tinybpf.load_go("pass.go") as obj:
        assert obj.program("pass").test_run(data=bytes(64)).retval == 2
        assert obj.globals["calls"] == 1

def test_where():
    print(os.uname().release, os.getuid(), hashlib.sha256(bytes(compile_go("pass.go"))).hexdigest())
"""

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def kernel() -> vm.Kernel:
    """The one that boots, downloaded where it is not there."""
    try:
        tools.find(tools.TO_RUN)
        return vm.kernel(LINE)
    except vm.VmError as error:
        pytest.skip(f"no virtual machine here: {error}")


@pytest.fixture
def here(kernel: vm.Kernel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project of a user's, as the working directory; temporary files are beside it."""
    (tmp_path / "tmp").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    project = tmp_path / "project"
    project.mkdir()
    (project / "pass.go").write_text(PROGRAM)
    (project / "test_it.py").write_text(TEST)
    monkeypatch.chdir(project)
    return project


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "tinybpf", "vm", "--kernel", LINE, *arguments]


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command(*arguments), capture_output=True, text=True)


def left(here: Path) -> list[Path]:
    return list((here.parent / "tmp").iterdir())


def test_a_users_own_tests(here: Path, kernel: vm.Kernel) -> None:
    done = run("--", sys.executable, "-m", "pytest", "-q", "-s", "-p", "no:cacheprovider")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 passed" in done.stdout
    made = hashlib.sha256(bytes(compile_go("pass.go"))).hexdigest()
    assert f"{kernel.release} 0 {made}" in done.stdout
    assert kernel.release in done.stderr
    assert left(here) == []


def test_what_is_written_is_gone_but_for_shares(here: Path) -> None:
    (here / "kept").mkdir()
    done = run(
        "--share", "kept", "--", "sh", "-c", "echo a > lost; echo b > kept/file; echo c > pass.go; exit 9"
    )
    assert done.returncode == 9, done.stderr
    assert not (here / "lost").exists() and (here / "pass.go").read_text() == PROGRAM
    assert (here / "kept" / "file").read_text() == "b\n"


def test_a_kernel_that_dies(here: Path) -> None:
    done = run("--", "sh", "-c", "echo before; echo c > /proc/sysrq-trigger; sleep 60")
    assert done.returncode == 125 and "before" in done.stdout
    assert "ended before the command did" in done.stderr and "Kernel panic" in done.stderr
    assert left(here) == []


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_end_from_outside(here: Path, number: signal.Signals, status: int) -> None:
    process = subprocess.Popen(
        command("--", "sh", "-c", "echo up; sleep 600"), stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None and process.stdout.readline() == "up\n"
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    process.send_signal(number)
    assert process.wait(30) == status
    process.stdout.close()
    assert left(here) == []
    end = time.monotonic() + 30
    while any(Path(f"/proc/{pid}").exists() for pid in children) and time.monotonic() < end:
        time.sleep(0.05)
    assert not any(Path(f"/proc/{pid}").exists() for pid in children)


def test_an_end_without_a_chance(here: Path) -> None:
    """Killed, it leaves no QEMU behind."""
    process = subprocess.Popen(
        command("--", "sh", "-c", "echo up; sleep 600"), stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None and process.stdout.readline() == "up\n"
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    assert children
    process.kill()
    process.wait()
    process.stdout.close()
    end = time.monotonic() + 30
    while any(running(pid) for pid in children) and time.monotonic() < end:
        time.sleep(0.05)
    assert not any(running(pid) for pid in children)


def running(pid: str) -> bool:
    """Whether a process runs: one that nobody waits for does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_background_processes_do_not_hold_it_up(here: Path) -> None:
    begun = time.monotonic()
    done = run("--timeout", "500", "--", "sh", "-c", "sleep 400 & seq 50000; echo end >&2")
    assert done.returncode == 0
    assert done.stdout.splitlines() == [str(n) for n in range(1, 50001)]
    assert done.stderr.splitlines()[-1] == "end"
    assert time.monotonic() - begun < 400
