"""tracepoint-connect: each connection is reported, with its process, address and port."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys

import pytest

import tinybpf

FIRST_PID_NAMESPACE = 0xEFFFFFFC


@pytest.mark.kernel
@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_a_connection_is_reported(bpf, me, address):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        server = socket.create_server((address, 0), family=family)
    except OSError:
        pytest.skip("this kernel has no IPv6")
    with server, tinybpf.load_go(bpf) as obj:
        port = server.getsockname()[1]
        obj.program("connect").attach()
        socket.create_connection((address, port)).close()
        (c,) = [c for c in obj.ring_buffer("connections", timeout=0.3) if (c.PID, c.Port) == (me, port)]
        assert obj.lost("connections") == 0
    with open("/proc/self/comm") as file:
        assert c.Comm.text == file.read().rstrip("\n")
    assert c.Family == family
    if family == socket.AF_INET6:
        assert (str(c.Addr6), str(c.Addr4), c.Family.name) == (address, "0.0.0.0", "INET6")
    else:
        assert (str(c.Addr4), str(c.Addr6), c.Family.name) == (address, "::", "INET")


@pytest.mark.kernel
def test_others_are_not_reported(bpf, me, tmp_path):
    path = str(tmp_path / "socket")
    with socket.socket(socket.AF_UNIX) as server, tinybpf.load_go(bpf) as obj:
        server.bind(path)
        server.listen()
        obj.program("connect").attach()
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(path)
        assert [c for c in obj.ring_buffer("connections", timeout=0.3) if me == c.PID] == []


@pytest.mark.kernel
def test_main(run_main):
    script = run_main()
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        found = script.until(
            rf"^\S+ +(\d+)  127\.0\.0\.1 +{port}$",
            poke=lambda: socket.create_connection(("127.0.0.1", port)).close(),
        )
    script.interrupt()
    if os.stat("/proc/self/ns/pid").st_ino == FIRST_PID_NAMESPACE:
        assert int(found[1]) == os.getpid()


@pytest.mark.kernel
def test_the_demo_sees_its_own_connections_and_ends(bpf):
    done = subprocess.run(
        [sys.executable, bpf.parent / "demo.py"],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert (done.returncode, done.stderr) == (0, "")
    ours = re.findall(r"^\S+ +(\d+)  (127\.0\.0\.1|::1) +(\d+)   <- made here$", done.stdout, re.MULTILINE)
    assert len(ours) >= 3
    assert f"{len(ours)} of {len(ours)} connections made here were seen" in done.stdout


def test_the_demo_says_that_it_needs_root(bpf):
    if os.geteuid() == 0:
        pytest.skip("we are root")
    done = subprocess.run(
        [sys.executable, bpf.parent / "demo.py"], stderr=subprocess.PIPE, text=True, timeout=60
    )
    assert done.returncode == 1
    assert "needs root" in done.stderr
    assert "Traceback" not in done.stderr
