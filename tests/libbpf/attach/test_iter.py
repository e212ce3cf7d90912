"""Iterators: text by lines, or bytes, of a walk over the kernel's tasks."""

from __future__ import annotations

import shutil
import subprocess
import time
from pathlib import Path

import pytest
from descriptors import descriptors, settled
from observing import observed

import tinybpf

pytestmark = pytest.mark.kernel


@pytest.fixture
def obj(build):
    with tinybpf.load(build("iterator")) as loaded:
        yield loaded


def test_a_line_for_each_task(obj, tmp_path):
    program = tmp_path / "is-walked"
    shutil.copy2("/bin/sleep", program)
    running = [subprocess.Popen([program, "60"]) for _ in range(3)]
    try:
        while any(Path(f"/proc/{process.pid}/comm").read_text() != "is-walked\n" for process in running):
            time.sleep(0.01)  # exec names a task a little after Popen returns
        link = obj.program("tasks").attach_iter()
        assert link.target == "iter:task" and link.fd > 2
        lines = list(link)
    finally:
        for process in running:
            process.kill()
            process.wait()
    assert lines[-1] == "done"
    assert {line[:4] for line in lines[:-1]} == {"task"}
    assert observed("lines of three processes", lines.count("taskis-walked")) == 3


def test_the_same_as_bytes(obj):
    link = obj.program("tasks").attach()  # the section says it
    assert isinstance(link, tinybpf.BpfLink)
    text = link.read()
    assert text.startswith(b"task") and text.endswith(b"\ndone\n") and text.count(b"\n") > 2


def test_leaving_a_walk_early_leaves_nothing_open(obj):
    link = obj.program("tasks").attach_iter()
    before = settled()
    for line in link:
        assert line.startswith("task")
        break
    walk = iter(link)
    assert next(walk).startswith("task")
    walk.close()
    assert descriptors() == before


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
