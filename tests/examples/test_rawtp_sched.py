"""rawtp-sched: switches and running times agree with what the kernel says of a process."""

from __future__ import annotations

import os
import re
import sys
import time

import pytest

import tinybpf

pytestmark = pytest.mark.kernel

# Sleeps 50 times, and computes for a while.
WORK = """
import time
with open("/proc/self/comm", "w") as file:
    file.write("sched-example")
for _ in range(50):
    time.sleep(0.001)
until = time.process_time() + 0.3
while time.process_time() < until:
    pass
"""


def work() -> tuple[int, float]:
    """How often a process that does the work switched, and the seconds that it ran: by the kernel."""
    pid = os.posix_spawn(sys.executable, [sys.executable, "-c", WORK], os.environ)
    _, status, used = os.wait4(pid, 0)
    assert status == 0
    return used.ru_nvcsw + used.ru_nivcsw, used.ru_utime + used.ru_stime


def test_switches_and_running_time(bpf):
    with tinybpf.load_go(bpf) as obj:
        obj.program("switched").attach()
        time.sleep(0.3)  # each CPU has switched once then
        began = time.monotonic()
        switches, seconds = work()
        took = time.monotonic() - began
        threads = [t for t in obj.map("threads").values() if t.Comm.text == "sched-example"]
    assert len(threads) == 1
    (seen,) = threads
    # The last switch, from which the process does not return, may come after the parent was told.
    assert switches <= seen.Switches <= switches + 1
    assert 50 <= seen.Switches - seen.Preempted <= seen.Switches
    assert 0.9 * seconds <= seen.Ran / 1e9 <= took


def test_idle_is_no_thread(bpf):
    with tinybpf.load_go(bpf) as obj:
        obj.program("switched").attach()
        time.sleep(0.5)
        assert 0 not in obj.map("threads") and len(obj.map("threads")) >= 1


def test_main(run_main):
    script = run_main()
    script.until(r"^Watching; Ctrl-C ends it\.$")
    time.sleep(0.3)
    work()
    printed = script.interrupt()
    rows = re.findall(r"^ +(\d+)  (.{16}) +([\d.]+) ms +(\d+) +(\d+)$", printed, re.MULTILINE)
    assert 1 <= len(rows) <= 10
    times = [float(row[2]) for row in rows]
    assert times == sorted(times, reverse=True)
    (ours,) = [row for row in rows if row[1].strip() == "sched-example"]
    assert float(ours[2]) >= 300 and int(ours[3]) >= 50
