"""Cgroup programs: a connect that is forbidden, and one that is not."""

from __future__ import annotations

import errno
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

import tinybpf

pytestmark = pytest.mark.kernel

# Runs in the cgroup: connects UDP to the port, which needs nobody to listen; exit status is the errno.
CONNECT = """
import os, socket, sys
with open(sys.argv[1] + "/cgroup.procs", "w") as file:
    file.write(str(os.getpid()))
try:
    socket.socket(socket.AF_INET, socket.SOCK_DGRAM).connect(("127.0.0.1", int(sys.argv[2])))
except OSError as error:
    sys.exit(error.errno)
"""


@pytest.fixture
def program(build):
    with tinybpf.load(build("connect")) as obj:
        yield obj.program("block_4444")


def connect(cgroup: Path, port: int) -> int:
    """The errno of a connect to the port from within the cgroup, 0 where it went well."""
    return subprocess.run([sys.executable, "-c", CONNECT, str(cgroup), str(port)], check=False).returncode


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
    assert connect(cgroup, 4444) == errno.EPERM
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
