"""The process that boots a kernel for ``--bpf-kernels``; and one real kernel."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tinybpf import vm
from tinybpf.testing import boot


@pytest.fixture
def job(tmp_path: Path) -> Path:
    content = {"kernel": "6.1", "folder": str(tmp_path), "cwd": "/usr", "env": {"A": "b"}, "timeout": 7.5}
    tmp_path.joinpath("job.json").write_text(json.dumps(content))
    return tmp_path / "job.json"


def test_a_job_is_run_in_the_kernel(job, monkeypatch):
    calls = []
    monkeypatch.setattr(vm, "run", lambda command, **options: calls.append((command, options)) or 3)
    assert boot.main([str(job)]) == 3
    command, options = calls[0]
    assert command[0] == sys.executable and command[2:] == [str(job)]
    assert Path(command[1]).name == "guest.py" and Path(command[1]).is_file()
    assert options == {
        "kernel": "6.1", "cwd": Path("/usr"), "env": {"A": "b"}, "shares": [job.parent], "timeout": 7.5,
    }  # fmt: skip


@pytest.mark.parametrize(("error", "status"), [(vm.VmError("no QEMU"), 125), (KeyboardInterrupt(), 130)])
def test_what_goes_wrong_is_said(job, monkeypatch, capsys, error, status):
    def run(*arguments, **options):
        raise error

    monkeypatch.setattr(vm, "run", run)
    assert boot.main([str(job)]) == status
    assert capsys.readouterr().err == ("no QEMU\n" if status == 125 else "")


CHILD = """
import time
from tinybpf.testing import boot
boot.follow_parent()
print(1, flush=True)
time.sleep(99)
"""
PARENT = """
import signal, subprocess, sys
signal.signal(signal.SIGINT, signal.SIG_IGN)  # as a shell has it for what runs in the background
child = subprocess.Popen([sys.executable, "-c", sys.argv[1]], stdout=subprocess.PIPE, stderr=-3)
child.stdout.read(1)
print(child.pid, flush=True)
child.wait()
"""


def test_it_ends_with_the_process_that_started_it():
    process = subprocess.Popen([sys.executable, "-c", PARENT, CHILD], stdout=subprocess.PIPE, text=True)
    pid = int(process.stdout.readline())
    assert is_running(pid)
    process.kill()
    process.wait()
    deadline = time.monotonic() + 30
    while is_running(pid):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def is_running(pid: int) -> bool:
    try:
        return "(zombie)" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


@pytest.mark.slow
def test_on_a_real_kernel(pytester, run, monkeypatch):
    try:
        kernel = vm.kernel("6.1")
    except vm.VmError as error:
        pytest.skip(str(error))
    pytester.makepyfile(
        """
        import os, pytest
        from packets import *

        @pytest.mark.bpf_kernel("6.1")
        def test_drops(bpf_object, test_run):
            obj = bpf_object("bpf", variables={"port": 5353})
            assert test_run("dropPort", udp(5353)).retval == DROP
            assert obj.globals["dropped"] == 1
            print("kernel", os.uname().release)

        @pytest.mark.bpf_kernel("6.2")
        def test_newer(bpf_object): pass

        @pytest.mark.bpf_feature("lsm", "ring_buffer")
        def test_features(): pass

        def test_fails(test_run, bpf_object):
            bpf_object("bpf")
            assert test_run("dropPort", udp(53)).retval == PASS

        def test_here():
            assert "TINYBPF_VM" not in os.environ
        """
    )
    result = run("--bpf-kernels=6.1", "--bpf-required")
    result.assert_outcomes(passed=3, failed=1, skipped=1)
    result.stdout.fnmatch_lines(
        [
            "E   *assert 1 == 2",
            f"kernel {kernel.release}",
            f"6.1 *{kernel.release} *1 failed, 2 passed, 1 skipped",
            f"SKIPPED *needs Linux 6.2; this kernel is {kernel.release}",
        ]
    )
    assert kernel.release != os.uname().release
    assert re.search(r"FAILED \S+::test_fails\[6\.1\] - AssertionError: assert 1 == 2", result.stdout.str())
