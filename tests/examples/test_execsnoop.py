"""execsnoop: a program that is started is reported, with its process, name and path."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest

import tinybpf

pytestmark = pytest.mark.kernel

FIRST_PID_NAMESPACE = 0xEFFFFFFC


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """A program that nobody else starts."""
    copy = tmp_path / f"snooped-{os.getpid()}"
    shutil.copy(shutil.which("true") or "/bin/true", copy)
    return copy


def test_an_exec_is_reported(bpf, program):
    with tinybpf.load_go(bpf) as obj:
        obj.program("started").attach()
        before = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
        child = subprocess.Popen([program])
        child.wait()
        after = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
        ours = [e for e in obj.ring_buffer("execs", timeout=0.3) if e.Path.text == str(program)]
        assert obj.lost("execs") == 0
    (e,) = ours
    assert e.Comm.text == program.name[:15]
    assert os.getuid() == e.UID
    assert before < e.Time < after
    assert e.Path[len(str(program)) :] == bytes(256 - len(str(program)))  # nothing left of others
    if os.stat("/proc/self/ns/pid").st_ino == FIRST_PID_NAMESPACE:
        assert child.pid == e.PID


def test_a_full_buffer_is_counted(bpf, program):
    with tinybpf.load_go(bpf) as obj:
        obj.program("started").attach()
        for _ in range(1000):  # more than fit into 256 KiB at 296 bytes each
            subprocess.run([program], check=True)
        lost = obj.lost("execs")
        kept = sum(e.Path.text == str(program) for e in obj.ring_buffer("execs", timeout=0.3))
    assert lost and kept
    assert kept + lost >= 1000


def test_main(run_main, program):
    script = run_main()
    found = script.until(
        rf"^ +(\d+) +{os.getuid()}  {program.name[:15]:<16} {program}$",
        poke=lambda: subprocess.run([program], check=True),
    )
    assert int(found[1]) > 0
    assert script.interrupt().startswith("     PID    UID  COMM             PATH\n")
