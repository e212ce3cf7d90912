"""``--bpf-kernels``: names, reports and options, with guests that are processes here."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree
from types import SimpleNamespace

import pytest

from tinybpf.testing import kernels

ON_TWO = "--bpf-kernels=6.1,6.12"

MATRIX = """
import os, pytest, warnings

LINE = os.environ.get("TINYBPF_VM")
pytestmark = pytest.mark.bpf_kernel("4.18")

def test_runs():
    print("on", LINE)
    assert LINE in ("6.1", "6.12")

@pytest.mark.parametrize("n", [1, 2])
def test_fails_on_one(n):
    half = n / 2
    assert LINE == "6.12" or half != 1

def test_skips():
    pytest.skip(f"not on {LINE}")

@pytest.mark.xfail(reason="known")
def test_xfails():
    assert False

@pytest.fixture
def broken():
    yield
    raise OSError("broken at the end")

class TestClass:
    def test_teardown(self, broken):
        warnings.warn("careful", DeprecationWarning)
"""


def names(result: pytest.RunResult, outcome: str) -> list[str]:
    """The tests of one outcome in the short summary, without their files."""
    found = [re.match(rf"{outcome} [^:]*::(\S+)", line) for line in result.outlines]
    return [match[1] for match in found if match]


@pytest.fixture
def matrix(pytester, run, standins):
    pytester.makepyfile(MATRIX)
    pytester.makepyfile(test_here="import os\n\ndef test_here(): assert 'TINYBPF_VM' not in os.environ\n")


def test_each_test_is_one_for_each_kernel(run, standins, matrix):
    result = run(ON_TWO)
    result.assert_outcomes(passed=8, failed=1, skipped=2, xfailed=2, errors=2, warnings=2)
    assert standins == ["6.1", "6.12"]
    assert names(result, "FAILED") == ["test_fails_on_one[6.1-2]"]
    assert names(result, "ERROR") == ["TestClass::test_teardown[6.1]", "TestClass::test_teardown[6.12]"]
    assert names(result, "PASSED")[:3] == ["test_here", "test_runs[6.1]", "test_fails_on_one[6.1-1]"]
    shown = result.stdout.str()
    for line in ("6.1", "6.12"):
        assert re.search(rf"^SKIPPED \[1\] .*\.py:16: not on {re.escape(line)}$", shown, re.M)
        assert f"on {line}\n" in shown
    for text in (
        '>       assert LINE == "6.12" or half != 1',
        "half       = 1.0",
        "E       OSError: broken at the end",
    ):
        assert text in run(ON_TWO, "-l").stdout.str()
    assert "DeprecationWarning: careful" in shown
    result.stdout.fnmatch_lines(
        [
            "tinybpf: tests of BPF run on the kernels 6.1, 6.12",
            "=*= kernels =*",
            "6.1 *6.1.0-standin *1 error, 1 failed, 2 passed, 1 skipped, 1 xfailed",
            "6.12 *6.12.0-standin *1 error, 3 passed, 1 skipped, 1 xfailed",
        ]
    )


def test_selecting(pytester, run, standins, matrix):
    assert names(run(ON_TWO, "-k", "runs and not 6.12"), "PASSED") == ["test_runs[6.1]"]
    assert standins == ["6.1"]
    file = "test_selecting.py"
    result = run(ON_TWO, f"{file}::test_fails_on_one[6.12-2]", f"{file}::test_runs")
    assert sorted(names(result, "PASSED")) == [
        "test_fails_on_one[6.12-2]", "test_runs[6.12]", "test_runs[6.1]",
    ]  # fmt: skip
    assert names(run(ON_TWO, "-m", "not bpf"), "PASSED") == ["test_here"]
    result = run(ON_TWO, "--collect-only", "-q")
    assert f"{file}::TestClass::test_teardown[6.12]" in result.outlines
    assert standins == ["6.1", "6.1", "6.12"]


def test_last_failed(pytester, run, standins, matrix):
    pytester.makepyfile(test_here="def test_here(): assert False\n")
    run(ON_TWO)
    result = run(ON_TWO, "--lf")
    assert sorted(names(result, "FAILED")) == ["test_fails_on_one[6.1-2]", "test_here"]
    assert len(names(result, "ERROR")) == 2
    result.assert_outcomes(failed=2, errors=2, passed=2, warnings=2)
    pytester.makepyfile(test_here="def test_here(): pass\n")
    pytester.makepyfile(MATRIX.replace("half != 1", "half").replace("raise OSError", "OSError"))
    run(ON_TWO, "--ff").assert_outcomes(passed=9, skipped=2, xfailed=2, warnings=2)
    assert "no previously failed tests" in run(ON_TWO, "--lf", "--lfnf=none").stdout.str()


def test_the_first_failure_ends_all(pytester, run, standins, monkeypatch):
    from tinybpf.testing import fleet

    guests = []
    start = fleet.Guest.start
    monkeypatch.setattr(fleet.Guest, "start", lambda guest: (guests.append(guest), start(guest)))
    pytester.makepyfile(
        """
        import os, pytest, time
        pytestmark = pytest.mark.bpf

        def test_fails():
            if os.environ["TINYBPF_VM"] != "6.1":
                time.sleep(60)
            assert False

        def test_later(): pass
        """
    )
    began = time.monotonic()
    result = run("--bpf-kernels=6.1,6.12,7.2", "-x")
    assert time.monotonic() - began < 55
    result.assert_outcomes(failed=1)
    assert names(result, "FAILED") == ["test_fails[6.1]"]
    assert "stopping after 1 failures" in result.stdout.str()
    assert [guest._process.returncode is not None for guest in guests] == [True, True]
    assert not any(guest._folder.exists() for guest in guests)


def test_two_at_a_time(pytester, run, standins, monkeypatch):
    pytester.makepyfile(
        """
        import os, pathlib, pytest, time

        @pytest.mark.bpf
        def test_counts():
            running, started = pathlib.Path("running"), pathlib.Path("started")
            mine = running / os.environ["TINYBPF_VM"]
            mine.touch()
            (started / mine.name).touch()
            end = time.monotonic() + 60
            while len(list(started.iterdir())) < 2 and time.monotonic() < end:
                time.sleep(0.02)
            print("beside", sorted(path.name for path in running.iterdir()))
            mine.unlink()
        """
    )
    pytester.mkdir("running")
    pytester.mkdir("started")
    result = run("--bpf-kernels=5.10,6.1,6.12,7.2")
    result.assert_outcomes(passed=4)
    beside = [line.split("'")[1::2] for line in result.outlines if line.startswith("beside")]
    assert all(len(lines) <= 2 for lines in beside)
    assert any(len(lines) == 2 for lines in beside)


def test_junit(pytester, run, standins, matrix):
    run(ON_TWO, "--junitxml=report.xml")
    suite = ElementTree.parse(pytester.path / "report.xml").getroot()[0]
    cases = {f"{case.get('name')}": case for case in suite.iter("testcase")}
    assert suite.get("tests") == "13" and suite.get("failures") == "1" and suite.get("errors") == "2"
    assert "assert LINE ==" in cases["test_fails_on_one[6.1-2]"].find("failure").text
    assert cases["test_skips[6.12]"].find("skipped").get("message") == "not on 6.12"
    kernel = cases["test_runs[6.1]"].find("properties/property")
    assert (kernel.get("name"), kernel.get("value")) == ("kernel", os.uname().release)
    assert cases["test_here"].find("properties") is None


def test_options_and_fixtures_of_the_project(pytester, run, standins):
    pytester.makeconftest(
        """
        import pytest

        def pytest_addoption(parser):
            parser.addoption("--interface")

        @pytest.fixture(scope="module")
        def interface(pytestconfig):
            return pytestconfig.getoption("interface")
        """
    )
    pytester.makeini("[pytest]\naddopts = --interface=lo\nmarkers = own\n")
    pytester.mkdir("tests").joinpath("test_it.py").write_text(
        "import os, pytest\nfrom packets import udp\n\n"
        "@pytest.mark.bpf\n@pytest.mark.own\n"
        "def test_it(interface, tmp_path):\n"
        "    assert interface == os.environ['WANTED'] and tmp_path.is_dir()\n"
    )
    for arguments, wanted in (((), "lo"), (("--interface", "eth0"), "eth0")):
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("WANTED", wanted)
            run(ON_TWO, "--strict-markers", *arguments, "tests").assert_outcomes(passed=2)


def test_limits_of_time_are_wider_in_a_guest(pytester, run, standins):
    """Those of pytest-timeout: an emulated processor takes twenty times as long."""
    pytest.importorskip("pytest_timeout")
    pytester.makepyfile(
        """
        import pytest, time
        pytestmark = pytest.mark.bpf

        def test_ini(): time.sleep(1)

        @pytest.mark.timeout(0.2)
        def test_marked(): time.sleep(0.5)

        @pytest.mark.timeout(0.01, method="signal")
        def test_too_long(): time.sleep(5)
        """
    )
    pytester.makeini("[pytest]\ntimeout = 0.5\n")
    result = run("-p", "pytest_timeout", "--bpf-kernels=6.1")
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(["E *Timeout (>0.2s)*"])


def test_a_plugin_that_repeats_tests(pytester, run, standins):
    """All reports of a test arrive, though it ends several times."""
    pytester.makeconftest(
        """
        import time
        from _pytest.runner import runtestprotocol

        def pytest_runtest_protocol(item, nextitem):
            for turn in range(3):
                item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
                reports = runtestprotocol(item, nextitem=nextitem, log=False)
                for report in reports:
                    if turn < 2 and report.when == "call":
                        report.outcome = "rerun"
                    item.ihook.pytest_runtest_logreport(report=report)
                item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
                item._initrequest()
                time.sleep(0.2)
            return True

        def pytest_report_teststatus(report):
            if report.outcome == "rerun":
                return "rerun", "R", "RERUN"
        """
    )
    pytester.makepyfile("import pytest\n\n@pytest.mark.bpf\ndef test_it(): pass\n")
    result = run("--bpf-kernels=6.1", "-v")
    result.assert_outcomes(passed=1)
    assert "1 passed, 2 rerun" in result.stdout.str()


def test_output_as_it_comes(pytester, run, standins, matrix):
    result = run(ON_TWO, "-s", "-k", "runs")
    assert [result.stdout.str().count(text) for text in ("on 6.1\n", "on 6.12\n")] == [1, 1]


def test_a_guest_that_dies(pytester, run, standins):
    pytester.makepyfile(
        """
        import os, pytest, sys
        pytestmark = pytest.mark.bpf

        def test_before(): pass

        def test_dies():
            if os.environ["TINYBPF_VM"] == "6.1":
                os.write(2, b"Kernel panic - not syncing\\n")
                os._exit(3)

        def test_after(): pass
        """
    )
    result = run(ON_TWO, "-s")
    result.assert_outcomes(passed=4, failed=1, errors=1)
    result.stdout.fnmatch_lines(
        [
            "*ERROR at setup of test_after[[]6.1[]]*",
            "kernel 6.1.0-standin: not run, the guest ended in test_a_guest_that_dies.py::test_dies[[]6.1[]]",
            "*test_dies[[]6.1[]]*",
            "kernel 6.1.0-standin: the guest ended in this test",
            "Kernel panic - not syncing",
        ]
    )


def test_a_guest_that_does_not_start(pytester, run, standins, matrix, monkeypatch):
    from tinybpf.testing import fleet

    command = ["sh", "-c", "echo QEMU could not start; exit 125"]
    monkeypatch.setattr(fleet, "boot_command", lambda job: command)
    result = run("--bpf-kernels=6.1", "-k", "runs or skips or here")
    result.assert_outcomes(passed=1, errors=2)
    result.stdout.fnmatch_lines(
        [
            "kernel 6.1.0-standin: not run in the guest",
            "QEMU could not start",
            "kernel 6.1.0-standin: not run in the guest; see *::test_runs[[]6.1[]]",
        ]
    )


def test_a_file_that_cannot_be_imported(pytester, run, standins, matrix):
    pytester.makepyfile(test_worse="import nothing_of_that_name\n")
    result = run(ON_TWO)
    result.assert_outcomes(errors=1)
    assert "No module named 'nothing_of_that_name'" in result.stdout.str()
    assert standins == []
    run(ON_TWO, "--continue-on-collection-errors").assert_outcomes(
        passed=8, failed=1, skipped=2, xfailed=2, errors=3, warnings=2
    )


def test_a_file_that_cannot_be_imported_in_the_guest_alone(pytester, run, standins):
    pytester.makepyfile(
        """
        import os, pytest
        if os.environ.get("TINYBPF_VM") == "6.1":
            import nothing_of_that_name

        @pytest.mark.bpf
        def test_it(): pass
        """
    )
    result = run(ON_TWO)
    result.assert_outcomes(errors=1, passed=1)
    result.stdout.fnmatch_lines(
        ["*could not be collected in the guest:", "E *No module named 'nothing_of_that_name'"]
    )


def test_what_is_no_test_function_is_skipped(pytester, run, standins):
    pytester.makepyfile(
        """
        import pytest, unittest

        @pytest.mark.bpf
        class TestOld(unittest.TestCase):
            def test_it(self): pass
        """
    )
    result = run(ON_TWO)
    result.assert_outcomes(skipped=1)
    assert (
        "--bpf-kernels runs test functions; this is a test of another kind (unittest?)" in result.stdout.str()
    )


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("6.1,6,12", "'6' is no line of kernels: give lines of kernels such as 6.1,6.12"),
        ("", "'' is no line of kernels: give lines of kernels such as 6.1,6.12"),
        ("6.1,", "'' is no line of kernels: give lines of kernels such as 6.1,6.12"),
        ("latest", "'latest' is no line of kernels: give lines of kernels such as 6.1,6.12"),
        ("6.1.20", "'6.1.20' is no line of kernels: write 6.1, which is the newest of that line"),
        ("v6.1", "'v6.1' is no line of kernels: write 6.1, which is the newest of that line"),
    ],
)
def test_a_list_of_kernels_that_is_none(run, given, message):
    result = run(f"--bpf-kernels={given}")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert f"ERROR: --bpf-kernels: {message}" in result.stderr.str()


def test_a_kernel_that_cannot_be_had(run, standins, matrix, monkeypatch):
    from tinybpf import vm

    def kernel(line, say):
        say(f"looking for {line}")
        raise vm.VmError(f"there is no kernel {line}")

    monkeypatch.setattr(vm, "kernel", kernel)
    result = run("--bpf-kernels=6.1,9.9")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "ERROR: --bpf-kernels: there is no kernel 6.1" in result.stderr.str()
    assert "tinybpf: looking for 6.1" in result.outlines
    assert "Traceback" not in result.stderr.str()


def test_a_machine_without_qemu(run, standins, matrix, monkeypatch):
    from tinybpf import vm
    from tinybpf.vm import tools

    def find(names):
        raise vm.VmError(f"missing on this machine: {names[0]}")

    monkeypatch.setattr(tools, "find", find)
    result = run(ON_TWO)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "ERROR: --bpf-kernels: missing on this machine: qemu-system-x86_64" in result.stderr.str()
    assert standins == []


def test_options_that_do_not_go_with_it(run, monkeypatch):
    result = run(ON_TWO, "--pdb")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "--bpf-kernels: no debugger in a virtual machine" in result.stderr.str()
    result = run(ON_TWO, "--bpf-timeout=0")
    assert "--bpf-timeout: the tests need more than no time" in result.stderr.str()
    with pytest.raises(pytest.UsageError, match="leave out -n of pytest-xdist"):
        kernels._check_company(SimpleNamespace(option=SimpleNamespace(numprocesses=2)))
    monkeypatch.setenv("TINYBPF_VM", "6.1")
    result = run(ON_TWO)
    assert "--bpf-kernels: this is a virtual machine already, of kernel 6.1" in result.stderr.str()


def test_an_interrupt_ends_the_guests(pytester, run, standins, tmp_path):
    """In a process of its own, which gets what Ctrl-C sends."""
    pytester.makepyfile(
        """
        import pathlib, pytest, time

        @pytest.mark.bpf
        def test_hangs():
            pathlib.Path("began").touch()
            time.sleep(100)
        """
    )
    pytester.makepyfile(
        standin_plugin="""
        import json, sys
        from pathlib import Path
        from types import SimpleNamespace
        from tinybpf import vm
        from tinybpf.testing import fleet
        from tinybpf.vm import tools

        script = str(Path(fleet.__file__).with_name("guest.py"))
        tools.find = lambda names: {}
        vm.kernel = lambda line, say: SimpleNamespace(version=line, release=line)
        fleet.boot_command = lambda job: [sys.executable, script, str(job)]
        """
    )
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "tinybpf.testing",
        "-p",
        "standin_plugin",
        "--bpf-kernels=6.1",
    ]
    folders = {"TMPDIR": str(tmp_path)}
    process = subprocess.Popen(
        command, cwd=pytester.path, env={**os.environ, **folders}, stdout=subprocess.PIPE, text=True
    )
    deadline = time.monotonic() + 60
    while not (pytester.path / "began").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    said, _ = process.communicate(timeout=60)
    assert process.returncode == pytest.ExitCode.INTERRUPTED
    assert "KeyboardInterrupt" in said
    assert not list(tmp_path.glob("tinybpf-testing-*"))
