"""``tinybpf run``: how soon the first event comes, and how many a second it shows. Needs root."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import sysconfig
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.pairs import HERE
from benchmarks.timing import Sample, environment

CONNECT = HERE.parent / "examples" / "tracepoint-connect" / "bpf"
STORM = HERE / "storm"
SECONDS = 3
"""How long events are counted."""

CALLS = "import os\ncall = os.getppid\nwhile True:\n    for _ in range(1000): call()"


def tinybpf(*arguments: str) -> list[str]:
    return [str(Path(sysconfig.get_path("scripts"), "tinybpf")), *arguments]


def first_event(runs: int) -> Sample:
    """Seconds from starting ``tinybpf run`` to its line of the first event, on connections at each ms."""
    command = tinybpf("run", "--json", "--count", "1", str(CONNECT))
    return Sample(tuple(_first_event(command) for _ in range(runs + 1))[1:])


def _first_event(command: list[str]) -> float:
    began = time.perf_counter()
    with _ended(subprocess.Popen(command, stdout=subprocess.PIPE, env=environment())) as process:
        assert process.stdout is not None
        os.set_blocking(process.stdout.fileno(), False)
        told = b""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            while b'"Port":' not in told:
                client.connect(("127.0.0.1", 9))
                time.sleep(0.001)
                told += process.stdout.read() or b""
                if process.poll() is not None and b'"Port":' not in told:
                    raise SystemExit(f"tinybpf run ended without an event: {told!r}")
        return time.perf_counter() - began


def events_a_second() -> float:
    """Lines of ``tinybpf run --json`` a second, read from a pipe, while a process makes more than that."""
    busy = subprocess.Popen([sys.executable, "-c", CALLS])
    command = tinybpf("run", "--json", "--duration", f"{SECONDS}s", "--set", f"target={busy.pid}", str(STORM))
    with (
        _ended(busy),
        _ended(subprocess.Popen(command, stdout=subprocess.PIPE, env=environment())) as process,
    ):
        assert process.stdout is not None
        lines, began = 0, 0.0
        while chunk := os.read(process.stdout.fileno(), 1 << 20):
            if b'"Port":' not in chunk and not began:
                continue
            began = began or time.perf_counter()
            lines += chunk.count(b"\n")
            last = time.perf_counter()
        if lines < 1000:
            raise SystemExit(f"tinybpf run showed {lines} lines only")
        return lines / (last - began)


@contextlib.contextmanager
def _ended(process: subprocess.Popen[bytes]) -> Iterator[subprocess.Popen[bytes]]:
    """Ends it, whatever happens."""
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        if process.stdout:
            process.stdout.close()
