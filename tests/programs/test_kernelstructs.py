"""kernelstructs of go/programs: fields from where this kernel has them."""

from __future__ import annotations

import os
import subprocess

import pytest

pytestmark = pytest.mark.kernel


def test_kernelstructs_gives_the_parent(program_of, tool, same_pids):
    obj = program_of("kernelstructs")
    obj.program("started").attach()
    true = tool("true", "tb-true")
    outer = subprocess.Popen(["sh", "-c", f"{true}; {true}; :"])
    outer.wait()
    direct = subprocess.Popen([true])
    direct.wait()
    events = [
        e for e in obj.ring_buffer("children", timeout=0.5) if bytes(e.Comm).rstrip(b"\0") == b"tb-true"
    ]
    assert len(events) == 3
    assert events[0].Parent == events[1].Parent != events[2].Parent
    assert len({e.PID for e in events}) == 3
    if same_pids:
        assert [e.Parent for e in events] == [outer.pid, outer.pid, os.getpid()]
        assert direct.pid == events[2].PID
