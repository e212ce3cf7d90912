"""A pytest plugin for BPF programs: compile, load and run them in tests, here or on other kernels.

::

    def test_drops_dns(bpf_object, test_run):
        bpf_object("bpf", variables={"port": 53})
        assert test_run("drop_port", packet).retval == 1

pytest finds it by itself; with ``PYTEST_DISABLE_PLUGIN_AUTOLOAD`` give ``-p tinybpf.testing``.
docs/testing.md has the fixtures, the markers and the options. pytest 7.4 or later.

All of pytest's users who have tinybpf installed import this module: what is heavy is imported where
it is used. Its asserts are not for pytest: PYTEST_DONT_REWRITE
"""

from __future__ import annotations

import sys
from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tinybpf.testing.programs import Compile, Load
    from tinybpf.testing.running import TestRun

MARKERS = (
    "bpf: the test needs eBPF in the kernel, and root; what uses tinybpf's fixtures has it by itself",
    'bpf_kernel(version): the least version of Linux that the test is for, such as "5.15"',
    "bpf_feature(*names): types of programs and maps that the test needs, such as "
    '"xdp", "fentry", "ring_buffer"; tinybpf tries them on the running kernel',
)


def pytest_addoption(parser: pytest.Parser, pluginmanager: pytest.PytestPluginManager) -> None:
    _leave_alone(pluginmanager)
    group = parser.getgroup("tinybpf", "tests of BPF programs")
    group.addoption(
        "--bpf-kernels",
        metavar="VERSIONS",
        help="run the tests of BPF programs on these kernels in virtual machines, not here: 6.1,6.12",
    )
    group.addoption(
        "--bpf-required",
        action="store_true",
        help="a test that this process may not run (no root), or whose feature a new enough kernel "
        "lacks, is a failure and not skipped",
    )
    group.addoption(
        "--bpf-timeout",
        type=float,
        default=900.0,
        metavar="SECONDS",
        help="how long the tests on one kernel of --bpf-kernels may take (900)",
    )


def _leave_alone(pluginmanager: pytest.PytestPluginManager) -> None:
    """Import tinybpf as ever: pytest rewrites the asserts of each package that has a plugin.

    Where it cannot keep the result, as in a virtual machine or below a system's Python, that takes a third of
    a second each time. There is no other way to say so; where this one goes away it is slower again.
    """
    marked = getattr(getattr(pluginmanager, "rewrite_hook", None), "_must_rewrite", None)
    if isinstance(marked, set):
        marked.discard("tinybpf")


def pytest_configure(config: pytest.Config) -> None:
    for line in MARKERS:
        config.addinivalue_line("markers", line)
    if config.getoption("bpf_kernels") is not None:
        from tinybpf.testing import kernels

        kernels.configure(config)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """With ``--bpf-kernels`` a test of BPF is one test for each kernel."""
    if metafunc.config.getoption("bpf_kernels") is not None:
        from tinybpf.testing import kernels

        kernels.parametrize(metafunc)


def pytest_itemcollected(item: pytest.Item) -> None:
    """What needs eBPF has the marker ``bpf``, so that ``-m "not bpf"`` leaves it out."""
    if needs_bpf(item) and item.get_closest_marker("bpf") is None:
        item.add_marker("bpf")


def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("bpf") is not None:
        from tinybpf.testing import needs

        needs.check(item)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[Any]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    if call.excinfo is None or not any(name in sys.modules for name in RAISING):
        return (yield)
    from tinybpf.testing import failures

    failures.shorten(item, call.excinfo)
    report = yield
    failures.explain(item, call.excinfo, report)
    return report


RAISING = ("tinybpf.errors", "tinybpf.testing.needs")
"""Modules without which nothing of tinybpf has failed or skipped a test."""

OURS = frozenset({"bpf_object", "test_run"})
"""The fixtures that need the kernel."""


def needs_bpf(item: Any) -> bool:
    """Whether a test has one of the markers, or takes one of the fixtures that need the kernel."""
    if any(item.get_closest_marker(name) is not None for name in ("bpf", "bpf_kernel", "bpf_feature")):
        return True
    info = getattr(item, "_fixtureinfo", None)
    if info is None:
        return False
    return any(
        _is_ours(info.name2fixturedefs.get(name, ())) for name in OURS.intersection(info.names_closure)
    )


def _is_ours(definitions: Any) -> bool:
    """Whether a fixture is this plugin's: others may have one of the same name, perhaps made from ours."""
    for definition in reversed(definitions):
        if definition.func.__module__ == __name__:
            return True
        if definition.argname not in definition.argnames:
            return False
    return False


# ---- fixtures ----


@pytest.fixture(scope="session")
def bpf_compile(pytestconfig: pytest.Config) -> Compile:
    """Compile Go to a BPF object, once in a session for the same sources; needs no root.

    ``bpf_compile("bpf")`` takes a package directory, a ``.go`` file or Go source as text, and the
    options of ``tinybpf.compile_go``; gives a ``CompiledObject``. A relative path is looked for
    beside the file that asks, then in pytest's root directory.
    """
    from tinybpf.testing.programs import Compile

    return Compile(pytestconfig.rootpath)


@pytest.fixture
def bpf_object(pytestconfig: pytest.Config, bpf_compile: Compile) -> Iterator[Load]:
    """Load a BPF object into the kernel; it is closed, and what it attached detached, after the test.

    ``bpf_object("bpf", variables={"port": 53})`` takes what ``bpf_compile`` takes, an object file
    (``.o``), its bytes or a ``CompiledObject``; gives a ``BpfObject``.
    """
    from tinybpf.testing import needs
    from tinybpf.testing.programs import Load

    needs.check_permission(pytestconfig)
    with Load(bpf_compile) as load:
        yield load


@pytest.fixture
def test_run(bpf_object: Load) -> TestRun:
    """Run a program on a packet or a context that the test gives, attached to nothing.

    ``test_run("drop_port", packet)`` takes the name of a program that ``bpf_object`` loaded in this
    test, or a ``BpfProgram``, and the arguments of ``BpfProgram.test_run``; gives a
    ``TestRunResult``: ``retval``, ``data_out``, ``ctx_out``, ``duration_ns``. Skips the test where
    the kernel is too old to run programs of the type so.
    """
    from tinybpf.testing.running import TestRun

    return TestRun(bpf_object)


@pytest.fixture(scope="session")
def _bpf_line(request: pytest.FixtureRequest) -> Any:
    """The kernel that a test of ``--bpf-kernels`` is for."""
    return request.param
