"""The examples do what their READMEs say."""

from __future__ import annotations

import os
import re
import select
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tinybpf.compiler import compile_go

FIRST_PID_NAMESPACE = 0xEFFFFFFC


@pytest.fixture
def connect(project) -> Path:
    return project / "examples" / "tracepoint-connect"


def test_tracepoint_connect_compiles(connect):
    compiled = compile_go(connect / "bpf")
    (program,) = compiled.programs
    assert (program.name, program.section) == ("handle_connect", "tracepoint/syscalls/sys_enter_connect")
    assert [(found.name, found.type) for found in compiled.maps] == [("events", "RINGBUF")]
    assert compiled.warnings == ()


@pytest.mark.kernel
def test_the_demo_sees_its_own_connections_and_ends(connect):
    done = subprocess.run(
        [sys.executable, connect / "demo.py"],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert (done.returncode, done.stderr) == (0, "")
    ours = re.findall(r"^\S+ +(\d+)  (127\.0\.0\.1|::1) +(\d+)   <- made here$", done.stdout, re.MULTILINE)
    assert len(ours) >= 3
    assert f"{len(ours)} of {len(ours)} connections made here were seen" in done.stdout


@pytest.mark.kernel
def test_main_prints_a_connection_and_ends_quietly_on_an_interrupt(connect):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        process = subprocess.Popen(
            [sys.executable, connect / "main.py"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        try:
            pid = printed_pid(process, port)
            process.send_signal(signal.SIGINT)
            _, errors = process.communicate(timeout=30)
        finally:
            process.kill()
    assert (process.returncode, errors) == (0, b"")
    if os.stat("/proc/self/ns/pid").st_ino == FIRST_PID_NAMESPACE:
        assert pid == os.getpid()


def printed_pid(process: subprocess.Popen[bytes], port: int) -> int:
    """Connect to ``port`` until the tracer prints it; the process id in its line."""
    assert process.stdout is not None
    printed = b""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        socket.create_connection(("127.0.0.1", port)).close()
        if select.select([process.stdout], [], [], 0.1)[0]:
            printed += os.read(process.stdout.fileno(), 1 << 16)
        match = re.search(rb"^\S+ +(\d+)  127\.0\.0\.1 +%d$" % port, printed, re.MULTILINE)
        if match:
            return int(match[1])
        assert process.poll() is None, "main.py ended by itself"
    pytest.fail(f"no event within a minute; printed: {printed!r}")


def test_the_demo_says_that_it_needs_root(connect):
    if os.geteuid() == 0:
        pytest.skip("we are root")
    done = subprocess.run(
        [sys.executable, connect / "demo.py"], stderr=subprocess.PIPE, text=True, timeout=60
    )
    assert done.returncode == 1
    assert "needs root" in done.stderr
    assert "Traceback" not in done.stderr
