"""What all tests share: which of them run on this machine, and the paths of the project."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Generator
from functools import cache
from pathlib import Path

import pytest

pytest_plugins = [
    "btf_maker",
    "kernel_places",
    "watching",
    "old_kernels",
    "observing",
    "pytester",
]  # the last is pytest's

ROOT = Path(__file__).resolve().parent.parent
LEFT_OUT = {"kernel": "needs root and a kernel with BPF", "slow": "takes minutes: give --slow"}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--slow", action="store_true", help="run the tests that take a minute or more, too")
    parser.addoption(
        "--need-kernel",
        action="store_true",
        help="a test with the kernel that is skipped is a failure, unless it says what this kernel lacks",
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    absent = set()
    if not can_use_bpf():
        absent.add("kernel")
    if not config.getoption("--slow"):
        absent.add("slow")
    for item in items:
        for mark in sorted(absent):
            if item.get_closest_marker(mark):
                item.add_marker(pytest.mark.skip(reason=LEFT_OUT[mark]))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    must_run = item.config.getoption("--need-kernel") and item.get_closest_marker("kernel")
    allowed = ("this kernel", LEFT_OUT["slow"])
    if must_run and report.skipped and not any(words in str(report.longrepr) for words in allowed):
        report.outcome = "failed"
        report.longrepr = f"--need-kernel, but skipped: {report.longrepr}"
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say plainly what did not run for want of root or patience."""
    for mark, why in LEFT_OUT.items():
        skipped = [
            report
            for report in terminalreporter.stats.get("skipped", [])
            if isinstance(report.longrepr, tuple) and report.longrepr[2] == f"Skipped: {why}"
        ]
        if skipped:
            terminalreporter.write_line(f"left out: {len(skipped)} tests marked {mark}: {why}")


@cache
def can_use_bpf() -> bool:
    """Whether this process may create a BPF map: root, in a kernel that has bpf() and allows it."""
    if os.geteuid() != 0:
        return False
    from tinybpf.libbpf._lib import ffi, lib

    fd = lib.bpf_map_create(2, b"tests", 4, 4, 1, ffi.NULL)  # an array
    if fd < 0:
        return False
    os.close(fd)
    return True


@pytest.fixture(scope="session", autouse=True)
def kernel_file_systems() -> None:
    """Mount what the kernel tests look into, where this machine has not."""
    if not can_use_bpf():
        return
    for kind, place in (("tracefs", "/sys/kernel/tracing"), ("bpf", "/sys/fs/bpf")):
        if os.path.isdir(place) and not is_mounted(place):
            subprocess.run(["mount", "-t", kind, kind, place], check=False)


def is_mounted(place: str) -> bool:
    with open("/proc/self/mounts") as file:
        return any(line.split()[1] == place for line in file)


@pytest.fixture(scope="session")
def build() -> Callable[..., bytes]:
    """``build("maps")``: the object of ``tests/libbpf/programs/maps.go``, compiled once per run; with the
    names of some of its programs, that has only these."""

    @cache
    def compiled(name: str, *programs: str) -> bytes:
        from tinybpf.compiler import compile_go

        return bytes(compile_go(ROOT / "tests" / "libbpf" / "programs" / f"{name}.go", programs=programs))

    return compiled


@pytest.fixture
def compiles_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a virtual machine the host compiles: here this process does, with what the test changes in it."""
    monkeypatch.delenv("TINYBPF_COMPILER", raising=False)


@pytest.fixture(scope="session")
def me(build: Callable[..., bytes]) -> int:
    """This process's id as BPF sees it: another one than its own in a container."""
    from tinybpf.libbpf import load

    with load(build("tracing")) as obj:
        return obj.program("whoami").test_run(ctx=bytes(8)).retval


@pytest.fixture(scope="session")
def project() -> Path:
    """The root of the project's checkout."""
    return ROOT
