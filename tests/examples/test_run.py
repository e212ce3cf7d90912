"""All examples: tinybpf run shows them without their scripts."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from pathlib import Path

import old_kernels
import pytest
from lacking import skip_without
from patience import patient

pytestmark = pytest.mark.kernel

FLAGS = {
    "cgroup-connect": ["--cgroup", "CGROUP"],
    "execsnoop": [],
    "fentry-open": [],
    "kprobe-openat": [],
    "lsm-file-open": [],
    "rawtp-sched": [],
    "syscall-latency": ["--set", "target=0"],
    "tc-filter": ["--interface", "lo"],
    "tracepoint-connect": [],
    "xdp-filter": ["--interface", "lo"],
}

NEEDS = {"fentry-open": "fentry", "kprobe-openat": "kprobe", "lsm-file-open": "lsm"}


def test_all_are_here(project: Path):
    assert {path.parent.name for path in (project / "examples").glob("*/bpf")} == set(FLAGS)


@pytest.mark.parametrize("name", FLAGS)
def test_it_attaches_and_ends(project: Path, cgroup: Path, name: str):
    if name in NEEDS:
        skip_without(NEEDS[name])
    flags = [flag.replace("CGROUP", str(cgroup)) for flag in FLAGS[name]]
    package = project / "examples" / name / "bpf"
    command = [sys.executable, "-m", "tinybpf", "run", "--json", "--duration", "300ms", *flags, package]
    done = subprocess.run(command, capture_output=True, text=True, timeout=patient(60))
    if done.returncode:
        old_kernels.skip_where_it_says_so(done.stdout)
    assert done.returncode == 0, done.stderr
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert told[0]["kind"] == "attached"
    sources = "".join(path.read_text() for path in package.glob("*.go"))
    assert len(told[0]["programs"]) == sources.count("//bpf:section ")


def test_events_of_a_connection(project: Path):
    package = project / "examples" / "tracepoint-connect" / "bpf"
    command = [sys.executable, "-m", "tinybpf", "run", "--json", "--duration", "20s", package]
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process,
    ):
        assert process.stdout is not None
        assert json.loads(process.stdout.readline())["kind"] == "attached"
        port = server.getsockname()[1]
        socket.create_connection(("127.0.0.1", port)).close()
        ours = next(told for line in process.stdout if (told := json.loads(line)).get("Port") == port)
        process.terminate()
    assert ours["kind"] == "event" and ours["Addr4"] == "127.0.0.1" and ours["Family"] == "INET"
