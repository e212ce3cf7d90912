"""tinybpf vm: its flags and what it says; a kernel boots in tests/vm only."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tinybpf import vm
from tinybpf.vm import Kernel, VmError, VmTimeout, kernels
from tinybpf.vm.versions import Package

HAVE = ("6.1", "6.12")


def kernel(line: str, **more: object) -> Kernel:
    if line not in HAVE:
        raise VmError(f"there is no kernel {line}")
    return Kernel(line, f"{line}.9-amd64", Path("/k"), Path("/k/vmlinux"), f"{line}.9-1")


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[tuple[list[str], dict[str, object]]]:
    """What is run, with a status of 3."""
    found: list[tuple[list[str], dict[str, object]]] = []

    def run(command, **given):
        found.append((list(command), given))
        return 3

    monkeypatch.setattr(kernels, "kernel", kernel)
    monkeypatch.setattr(vm, "run", run)
    return found


def test_the_commands_status(run, calls, tmp_path: Path) -> None:
    flags = ["--timeout", "5", "--cpus", "1", "--memory", "1G", "--share", str(tmp_path), "--env", "A=b=c"]
    outcome = run("vm", "--kernel", "6.12", *flags, "--", "pytest", "-k", "x", "--kernel")
    assert outcome.status == 3
    assert "kernel 6.12.9-amd64 (6.12.9-1)" in outcome.err
    [(command, given)] = calls
    assert command == ["pytest", "-k", "x", "--kernel"]
    assert given == {
        "kernel": kernel("6.12"), "env": {"A": "b=c"}, "shares": (tmp_path,), "timeout": 5.0, "cpus": 1,
        "memory": "1G", "console": None,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("error", "status"),
    [(VmTimeout("not ended after 5 s"), 124), (VmError("died", console="panic"), 125)],
)
def test_guests_that_fail(run, calls, monkeypatch: pytest.MonkeyPatch, error: VmError, status: int) -> None:
    def fail(*args: object, **given: object) -> int:
        raise error

    monkeypatch.setattr(vm, "run", fail)
    outcome = run("vm", "--kernel", "6.1", "--", "true")
    assert outcome.status == status and f"tinybpf: {error.message}" in outcome.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--", "true"], "--kernel names the kernel"),
        (["--kernel", "6.1"], "give the command to run after --"),
        (["--kernel", "6.1", "--env", "A", "--", "true"], "'A' is not NAME=VALUE"),
        (["--kernel", "6.1", "--env", "=x", "--", "true"], "'=x' is not NAME=VALUE"),
        (
            ["--kernel", "6.1", "--kernel", "6.12", "--console", "x", "--", "true"],
            "--console is for one kernel",
        ),
        (["--kernel", "6.1", "--share", "/nowhere", "--", "true"], "/nowhere"),
    ],
)
def test_wrong_usage(run, calls, arguments: list[str], message: str) -> None:
    outcome = run("vm", *arguments)
    assert outcome.status == 2 and message in outcome.err
    assert calls == []


def test_an_unknown_kernel_among_several_runs_none(run, calls) -> None:
    outcome = run("vm", "--kernel", "6.1", "--kernel", "4.4", "--", "true")
    assert outcome.status == 125 and "there is no kernel 4.4" in outcome.err


def test_several(run, calls, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    stand_in = tmp_path / "python"
    stand_in.write_text('#!/bin/sh\necho "$@"\ncase "$*" in *"--kernel 6.12 "*) exit 4 ;; esac\n')
    stand_in.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(stand_in))
    outcome = run("vm", "--kernel", "6.12", "--kernel", "6.1", "--env", "A=b c", "--", "echo", "x")
    assert outcome.status == 1
    lines = outcome.out.splitlines()
    assert any(
        line.startswith("6.12 | -m tinybpf vm") and line.endswith("--kernel 6.12 -- echo x") for line in lines
    )
    assert [line.split()[:2] for line in lines[-2:]] == [["6.12", "exit"], ["6.1", "ok"]]


def test_the_list(run, monkeypatch: pytest.MonkeyPatch) -> None:
    packages = [Package("linux-image-6.1.0-56-amd64", "6.1.192-2", "bookworm-security")]
    monkeypatch.setattr(kernels, "available", lambda: packages)
    monkeypatch.setattr(kernels, "cached", lambda: [kernel("6.12")])
    outcome = run("vm", "--list")
    assert outcome.status == 0
    assert [line.split() for line in outcome.out.splitlines()] == [
        ["6.1", "6.1.0-56-amd64", "bookworm-security"],
        ["6.12", "cached:", "6.12.9-amd64"],
    ]


def test_the_list_without_a_network(run, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> list[Package]:
        raise VmError("the lists can't be fetched")

    monkeypatch.setattr(kernels, "available", fail)
    monkeypatch.setattr(kernels, "cached", lambda: [kernel("6.12")])
    outcome = run("vm", "--list")
    assert outcome.status == 0 and "6.12.9-amd64" in outcome.out and "can't be fetched" in outcome.err
    monkeypatch.setattr(kernels, "cached", lambda: [])
    assert run("vm", "--list").status == 1


def test_another_machine_is_told_so(run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "environ", {**os.environ, "XDG_CACHE_HOME": "/nowhere"})
    monkeypatch.setattr("platform.machine", lambda: "aarch64")
    outcome = run("vm", "--kernel", "6.12", "--", "true")
    assert outcome.status == 125 and "this machine is aarch64" in outcome.err
