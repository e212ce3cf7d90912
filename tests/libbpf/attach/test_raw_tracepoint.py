"""Raw tracepoints: a counter of all system calls."""

from __future__ import annotations

import errno
import os

import pytest
from observing import observed

import tinybpf

pytestmark = pytest.mark.kernel


@pytest.fixture
def obj(build):
    with tinybpf.load(build("tracing")) as loaded:
        loaded.map("counts")[0] = 0
        yield loaded


@pytest.mark.parametrize("by_section", [True, False])
def test_the_program_runs_for_each_call(obj, by_section: bool):
    program = obj.program("on_any")
    link = program.attach() if by_section else program.attach_raw_tracepoint("sys_enter")
    for _ in range(100):
        os.getppid()
    assert observed("100 system calls or more are counted", obj.map("counts")[0] >= 100)
    link.destroy()
    settled = obj.map("counts")[0]
    os.getppid()
    assert obj.map("counts")[0] == settled
    assert link.target == "raw_tracepoint:sys_enter"


def test_no_such_tracepoint(obj):
    with pytest.raises(
        tinybpf.BpfError, match=r"attach raw tracepoint to 'sys_inter' failed: No such file"
    ) as caught:
        obj.program("on_any").attach_raw_tracepoint("sys_inter")
    assert caught.value.errno == errno.ENOENT
    assert "no tracepoint 'sys_inter'" in str(caught.value)


def test_a_program_of_another_type(obj):
    with pytest.raises(tinybpf.BpfError, match="'on_getppid' is a TRACEPOINT program"):
        obj.program("on_getppid").attach_raw_tracepoint("sys_enter")
