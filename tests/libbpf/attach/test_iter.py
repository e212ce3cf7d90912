"""Iterators: text by lines, or bytes, of a walk over the kernel's tasks."""

from __future__ import annotations

import os

import pytest

import tinybpf

pytestmark = pytest.mark.kernel


@pytest.fixture
def obj(build):
    with tinybpf.load(build("iterator")) as loaded:
        yield loaded


def processes() -> set[str]:
    return {name for name in os.listdir("/proc") if name.isdigit()}


def test_a_line_for_each_task(obj):
    before = processes()
    link = obj.program("tasks").attach_iter()
    assert link.target == "iter:task" and link.fd > 2
    lines = list(link)
    assert lines[-1] == "done" and set(lines[:-1]) == {"task"}
    assert len(lines) - 1 >= len(before & processes())  # others come and go


def test_the_same_as_bytes(obj):
    link = obj.program("tasks").attach()  # the section says it
    assert isinstance(link, tinybpf.BpfLink)
    text = link.read()
    assert text.endswith(b"task\ndone\n") and text.count(b"\n") > 2
    assert text.split(b"\n")[-2:] == [b"done", b""]


def test_leaving_a_walk_early_leaves_nothing_open(obj):
    link = obj.program("tasks").attach_iter()
    before = len(os.listdir("/proc/self/fd"))
    for line in link:
        assert line == "task"
        break
    walk = iter(link)
    assert next(walk) == "task"
    walk.close()
    assert len(os.listdir("/proc/self/fd")) == before


def test_after_the_end(obj):
    link = obj.program("tasks").attach_iter()
    link.destroy()
    with pytest.raises(tinybpf.BpfError, match="link 'iter:task' is closed"):
        link.read()
    with pytest.raises(tinybpf.BpfError, match="closed"):
        list(link)


def test_a_program_of_another_type(build):
    with (
        tinybpf.load(build("tracing")) as obj,
        pytest.raises(tinybpf.BpfError, match=r"is a TRACEPOINT program .*, this needs a TRACING one"),
    ):
        obj.program("on_getppid").attach_iter()
