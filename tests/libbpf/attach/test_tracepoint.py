"""Tracepoints: a counter that grows with this process's system calls."""

from __future__ import annotations

import errno
import os

import pytest
from observing import observed

import tinybpf
from tinybpf.libbpf.attach import tracepoint

pytestmark = pytest.mark.kernel


@pytest.fixture
def obj(build, me: int):
    with tinybpf.load(build("tracing")) as loaded:
        loaded.map("counts")[me] = 0
        yield loaded


@pytest.mark.parametrize("by_section", [True, False])
def test_the_program_runs_for_each_call(obj, by_section: bool, me: int):
    program = obj.program("on_getppid")
    link = program.attach() if by_section else program.attach_tracepoint("syscalls", "sys_enter_getppid")
    for _ in range(5):
        os.getppid()
    assert observed("calls of getppid, of 5", obj.map("counts")[me]) == 5
    assert repr(link).startswith("<BpfLink tracepoint:syscalls/sys_enter_getppid of 'on_getppid' fd=")


def test_no_such_tracepoint(obj):
    program = obj.program("on_getppid")
    with pytest.raises(tinybpf.BpfError) as caught:
        program.attach_tracepoint("syscalls", "sys_enter_getpid_")
    assert caught.value.errno == errno.ENOENT
    assert str(caught.value).startswith(
        "attach tracepoint to 'syscalls/sys_enter_getpid_' failed: No such file or directory"
    )
    assert "did you mean sys_enter_getpid" in str(caught.value)
    assert "sys_enter_getpid_" in caught.value.libbpf_log
    with pytest.raises(tinybpf.BpfError, match=r"no tracepoint category 'syscals'; did you mean syscalls"):
        program.attach_tracepoint("syscals", "sys_enter_getpid")


def test_a_program_of_another_type(obj):
    with pytest.raises(tinybpf.BpfError, match="'on_any' is a RAW_TRACEPOINT program") as caught:
        obj.program("on_any").attach_tracepoint("syscalls", "sys_enter_getppid")
    assert caught.value.errno == errno.EINVAL


def test_tracefs_is_not_mounted(obj, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(tracepoint, "TRACEFS", "/nowhere/tracing")
    monkeypatch.setattr(tracepoint, "DEBUGFS", "/nowhere/debug")
    with pytest.raises(tinybpf.NotFoundError, match=r"tracefs is not mounted\n  hint: mount -t tracefs"):
        obj.program("on_getppid").attach()
