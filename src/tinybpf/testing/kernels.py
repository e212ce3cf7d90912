"""``--bpf-kernels``: each test of BPF is one for each kernel, and runs in a virtual machine.

The tests are parametrized with the kernel, so that names, ``-k``, ``--lf`` and reports are as of any
other test: ``test_filter.py::test_drops[6.1]``. They are collected here. Each kernel boots once; in
the guest another pytest collects the same tests, runs them and sends its reports, which become the
reports of the tests here. Tests that need no kernel run here as ever.
"""

from __future__ import annotations

import os
import re
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from tinybpf.testing import needs_bpf

if TYPE_CHECKING:
    from tinybpf.testing.fleet import Fleet

PARAMETER = "_bpf_line"
IN_GUEST = pytest.StashKey[bool]()
"""Set in a guest's pytest: the tests run there."""

LINES = pytest.StashKey[list[str]]()


def configure(config: pytest.Config) -> None:
    """Check the option, and take over what runs in guests."""
    lines = config.stash[LINES] = parse(config.getoption("bpf_kernels"))
    if config.stash.get(IN_GUEST, False):
        return
    inside = os.environ.get("TINYBPF_VM")
    if inside:
        raise pytest.UsageError(f"--bpf-kernels: this is a virtual machine already, of kernel {inside}")
    _check_company(config)
    if not config.getoption("bpf_timeout") > 0:
        raise pytest.UsageError("--bpf-timeout: the tests need more than no time; give seconds")
    config.pluginmanager.register(Kernels(lines, config.getoption("bpf_timeout")), "tinybpf.testing.kernels")


def parse(text: str) -> list[str]:
    """The lines of kernels in ``6.1,6.12``; ``UsageError`` where there are none."""
    lines = [part.strip() for part in text.split(",")]
    for line in lines:
        if re.fullmatch(r"\d+\.\d+", line):
            continue
        shorter = re.match(r"v?(\d+\.\d+)[.\d]*$", line)
        hint = f": write {shorter[1]}, which is the newest of that line" if shorter else ""
        hint = hint or ": give lines of kernels such as 6.1,6.12"
        raise pytest.UsageError(f"--bpf-kernels: {line!r} is no line of kernels{hint}")
    return list(dict.fromkeys(lines))


def _check_company(config: pytest.Config) -> None:
    """Options that a guest cannot do."""
    if getattr(config.option, "usepdb", False) or getattr(config.option, "trace", False):
        raise pytest.UsageError("--bpf-kernels: no debugger in a virtual machine; leave --pdb or --trace out")
    workers = getattr(config.option, "numprocesses", None) or getattr(config.option, "tx", None)
    if workers or hasattr(config, "workerinput"):
        raise pytest.UsageError(
            "--bpf-kernels runs two kernels at a time by itself; leave out -n of pytest-xdist"
        )


def parametrize(metafunc: pytest.Metafunc) -> None:
    """Make a test of BPF one for each kernel."""
    if not needs_bpf(metafunc.definition):
        return
    lines = metafunc.config.stash[LINES]
    metafunc.fixturenames.append(PARAMETER)
    metafunc.parametrize(PARAMETER, lines, ids=lines, indirect=True, scope="session")


def line_of(item: pytest.Item) -> str | None:
    """The kernel that a test is for; None where it runs here."""
    callspec = getattr(item, "callspec", None)
    return None if callspec is None else callspec.params.get(PARAMETER)


class Kernels:
    """The hooks of the pytest here."""

    def __init__(self, lines: list[str], timeout: float) -> None:
        self._lines = lines
        self._timeout = timeout
        self._fleet: Fleet | None = None

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Tests of a kernel follow each other; those that run here come first, as the others boot."""
        order: dict[str | None, int] = {line: number for number, line in enumerate([None, *self._lines])}
        items.sort(key=lambda item: order[line_of(item)])
        for item in items:
            if line_of(item) is None and item.get_closest_marker("bpf") is not None:
                why = "--bpf-kernels runs test functions; this is a test of another kind (unittest?)"
                item.add_marker(pytest.mark.skip(reason=why))

    def pytest_report_header(self) -> str:
        return f"tinybpf: tests of BPF run on the kernels {', '.join(self._lines)}"

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool | None:
        """Like pytest's own, with the guests beside it."""
        there = [item for item in session.items if line_of(item) is not None]
        if not there or session.config.option.collectonly:
            return None
        if session.testsfailed and not session.config.option.continue_on_collection_errors:
            return None  # it says what is wrong
        from tinybpf.testing.fleet import Fleet

        self._fleet = Fleet(session.config, self._resolve(session.config, there), self._timeout)
        self._fleet.start()
        here = [item for item in session.items if line_of(item) is None]
        following: dict[pytest.Item, pytest.Item | None] = dict(pairwise(here))
        following.update(dict.fromkeys(here[-1:]))
        for item in session.items:
            if item not in following:
                self._fleet.wait_for(item)
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following.get(item))
            if session.shouldfail:
                raise session.Failed(session.shouldfail)
            if session.shouldstop:
                raise session.Interrupted(session.shouldstop)
        return True

    def _resolve(
        self, config: pytest.Config, items: list[pytest.Item]
    ) -> list[tuple[Any, list[pytest.Item]]]:
        """Each kernel with its tests; ``UsageError`` where one can't be had."""
        from tinybpf import vm
        from tinybpf.vm import tools

        reporter = config.pluginmanager.getplugin("terminalreporter")
        found = []
        for line in self._lines:
            of_line = [item for item in items if line_of(item) == line]
            if not of_line:
                continue
            try:
                tools.find(tools.TO_RUN)
                kernel = vm.kernel(
                    line, say=lambda text: reporter and reporter.write_line(f"tinybpf: {text}")
                )
            except vm.VmError as error:
                raise pytest.UsageError(f"--bpf-kernels: {error}") from None
            found.append((kernel, of_line))
        return found

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> bool | None:
        """The reports of a guest in place of running the test."""
        if line_of(item) is None or self._fleet is None:
            return None
        item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
        for report in self._fleet.reports_of(item):
            item.ihook.pytest_runtest_logreport(report=report)
        item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
        return True

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self) -> None:
        if self._fleet is not None:
            self._fleet.stop()

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if self._fleet is None:
            return
        terminalreporter.section("kernels")
        for line in self._fleet.summary():
            terminalreporter.write_line(line)
