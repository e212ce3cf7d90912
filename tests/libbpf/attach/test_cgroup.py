"""Cgroup programs: a connect that is forbidden, and one that is not."""

from __future__ import annotations

import errno
import os
import socket
from pathlib import Path

import pytest
from kernel_places import connect
from observing import observed_errno

import tinybpf

pytestmark = pytest.mark.kernel


@pytest.fixture
def program(build):
    with tinybpf.load(build("connect")) as obj:
        yield obj.program("block_4444")


@pytest.mark.parametrize("how", ["path", "text", "descriptor"])
def test_a_forbidden_connect_fails_and_others_go_through(program, cgroup: Path, how: str):
    assert connect(cgroup, 4444) == 0
    if how == "descriptor":
        fd = os.open(cgroup, os.O_RDONLY)
        link = program.attach_cgroup(fd)
        os.close(fd)
    else:
        link = program.attach_cgroup(cgroup if how == "path" else str(cgroup))
        assert link.target == f"cgroup:{cgroup}"
    assert observed_errno("what a connect failed with", connect(cgroup, 4444)) == errno.EPERM
    assert connect(cgroup, 4445) == 0
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as outside:
        outside.connect(("127.0.0.1", 4444))  # this process is not in the cgroup
    link.destroy()
    assert connect(cgroup, 4444) == 0


def test_closing_the_object_detaches(build, cgroup: Path):
    with tinybpf.load(build("connect")) as obj:
        obj.program("block_4444").attach_cgroup(cgroup)
        assert connect(cgroup, 4444) == errno.EPERM
    assert connect(cgroup, 4444) == 0


def test_no_such_cgroup(program):
    with pytest.raises(
        tinybpf.NotFoundError, match=r"attach cgroup program to '/nowhere' failed: there is no such"
    ):
        program.attach_cgroup("/nowhere")


def test_a_directory_that_is_no_cgroup(program, tmp_path: Path):
    with pytest.raises(tinybpf.BpfError, match="no cgroup of version 2") as caught:
        program.attach_cgroup(tmp_path)
    assert caught.value.errno == errno.EBADF
    with pytest.raises(tinybpf.BpfError, match="attach cgroup program to 'descriptor 9999' failed: Bad file"):
        program.attach_cgroup(9999)
