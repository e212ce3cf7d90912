"""syscall-latency: each call made is counted once, where its time belongs."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time

import pytest

import tinybpf

pytestmark = pytest.mark.kernel

GETPPID, NANOSLEEP = (110, 230) if os.uname().machine == "x86_64" else (173, 115)


def test_the_histogram_adds_up(bpf, me):
    with tinybpf.load_go(bpf, variables={"target": me}) as obj:
        obj.program("exit").attach()
        obj.program("enter").attach()
        for _ in range(1000):
            os.getppid()
        for _ in range(5):
            time.sleep(0.01)
        latency = dict(obj.map("latency").items())
    assert sum(latency[GETPPID].Slots) == 1000
    # A few microseconds each at most, but for one that is interrupted.
    assert sum(latency[GETPPID].Slots[1:14]) >= 990
    sleeps = latency[NANOSLEEP].Slots
    assert sum(sleeps) == 5
    assert sum(sleeps[24:]) == 5  # from 8.4 ms on


def test_only_the_target_is_measured(bpf, me):
    with tinybpf.load_go(bpf, variables={"target": me + (1 << 24)}) as obj:
        obj.program("exit").attach()
        obj.program("enter").attach()
        os.getppid()
        assert list(obj.map("latency")) == [] == list(obj.map("began"))


def test_calls_of_all_processes(bpf):
    calls = "import os\nfor _ in range(500): os.getppid()"
    with tinybpf.load_go(bpf) as obj:
        obj.program("exit").attach()
        obj.program("enter").attach()
        for _ in range(2):
            subprocess.run([sys.executable, "-c", calls], check=True)
        assert sum(obj.map("latency")[GETPPID].Slots) >= 1000


def test_main(run_main, me):
    script = run_main(str(me))
    script.until(r"^Measuring; Ctrl-C ends it\.$")
    for _ in range(5000):
        os.getppid()
    printed = script.interrupt()
    made = re.search(rf"^system call {GETPPID}: (\d+) times\n((?:  .*\n)+)", printed, re.MULTILINE)
    assert made and int(made[1]) == 5000
    rows = re.findall(r"^  below +[\d,.]+ us +(\d+) #*$", made[2], re.MULTILINE)
    assert sum(int(count) for count in rows) == 5000
