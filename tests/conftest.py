"""What all tests share: which of them run on this machine, and the paths of the project."""

from __future__ import annotations

import os
from collections.abc import Generator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
LEFT_OUT = {"kernel": "needs root and a kernel with BPF", "slow": "builds packages from scratch: give --slow"}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--slow", action="store_true", help="run the tests that take a minute or more, too")
    parser.addoption(
        "--need-kernel", action="store_true", help="a test with the kernel that is skipped is a failure"
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    absent = set()
    if os.geteuid() != 0:
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
    if must_run and report.skipped and not hasattr(report, "wasxfail"):
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


@pytest.fixture(scope="session")
def project() -> Path:
    """The root of the project's checkout."""
    return ROOT
