"""cgroup-connect: processes of the cgroup get EPERM at blocked ports, and connect to all others."""

from __future__ import annotations

import errno
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import tinybpf

pytestmark = pytest.mark.kernel

# Joins the cgroup, connects, and says with which errno that failed, 0: not at all.
CONNECT = """
import os, socket, sys
group, address, port = sys.argv[1:]
with open(group + "/cgroup.procs", "w") as file:
    file.write(str(os.getpid()))
with open("/proc/self/comm", "w") as file:
    file.write("connects")
try:
    socket.create_connection((address, int(port))).close()
except OSError as error:
    sys.exit(error.errno)
"""


def connect(cgroup: Path, server: socket.socket) -> int:
    """What a process of the cgroup gets that connects to the server."""
    address, port = server.getsockname()[:2]
    return subprocess.run([sys.executable, "-c", CONNECT, cgroup, address, str(port)]).returncode


@pytest.fixture(params=["127.0.0.1", "::1"])
def servers(request) -> Iterator[tuple[socket.socket, socket.socket]]:
    """Two that listen."""
    family = socket.AF_INET6 if ":" in request.param else socket.AF_INET
    try:
        first = socket.create_server((request.param, 0), family=family)
    except OSError:
        pytest.skip("this kernel has no IPv6")
    with first, socket.create_server((request.param, 0), family=family) as second:
        yield first, second


def test_blocked_ports_are_not_connected_to(bpf, cgroup, servers, me):
    allowed, forbidden = servers
    address, port = forbidden.getsockname()[:2]
    with tinybpf.load_go(bpf) as obj:
        obj.map("blocked")[port] = 0
        for program in obj.programs.values():
            program.attach_cgroup(cgroup)
        assert connect(cgroup, allowed) == 0
        assert connect(cgroup, forbidden) == errno.EPERM
        assert connect(cgroup, allowed) == 0
        assert obj.map("blocked")[port] == 1
        socket.create_connection((address, port)).close()  # we are not in the cgroup
        (denied,) = obj.ring_buffer("denied", timeout=0.2)
        seen = denied.Addr6 if denied.Family == socket.AF_INET6 else denied.Addr4
        other = denied.Addr4 if denied.Family == socket.AF_INET6 else denied.Addr6
        assert (str(seen), denied.Port, denied.Comm.text) == (address, port, "connects")
        assert denied.Family.name == ("INET6" if ":" in address else "INET") and int(other) == 0
        assert me != denied.PID
        assert obj.lost("denied") == 0
    assert connect(cgroup, forbidden) == 0


def test_main(run_main, cgroup, servers):
    allowed, forbidden = servers
    address, port = forbidden.getsockname()[:2]
    script = run_main(str(cgroup), str(port), "443")
    script.until(rf"^In {cgroup} these ports must not be connected to: {port}, 443$")
    assert connect(cgroup, forbidden) == errno.EPERM
    assert connect(cgroup, allowed) == 0
    script.until(rf"^denied: connects \(process \d+\) to {address} port {port}$")
    script.interrupt()
    assert connect(cgroup, forbidden) == 0
    assert os.path.isdir(cgroup)
