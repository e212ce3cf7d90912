"""The same command under several kernels, some at a time, each in a process of its own."""

from __future__ import annotations

import os
import selectors
import subprocess
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import IO, NamedTuple

AT_ONCE = 2
"""Guests side by side cost each other little where there is a processor for each."""


class Result(NamedTuple):
    """How a command ended under a kernel: its exit status, and the seconds that it took."""

    kernel: str
    status: int
    seconds: float


class _Running:
    """A process whose output is taken line by line."""

    def __init__(self, kernel: str, command: Sequence[str], environment: Mapping[str, str]) -> None:
        self.kernel = kernel
        self.began = time.monotonic()
        self.process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            env=dict(environment),
        )  # fmt: skip
        stdout = self.process.stdout
        assert stdout is not None
        self.stdout: IO[bytes] = stdout
        self._rest = b""

    def lines(self) -> list[str] | None:
        """The lines that have come; None at the end, when the last has been given."""
        data = os.read(self.stdout.fileno(), 1 << 16)
        if not data and not self._rest:
            return None
        *whole, self._rest = (self._rest + data + (b"" if data else b"\n")).split(b"\n")
        return [line.decode(errors="replace").rstrip("\r") for line in whole]

    def result(self) -> Result:
        self.stdout.close()
        return Result(self.kernel, self.process.wait(), time.monotonic() - self.began)


def run_all(
    commands: Mapping[str, Sequence[str]],
    write: Callable[[str, str], object],
    *,
    at_once: int = AT_ONCE,
    environment: Mapping[str, str] = os.environ,
) -> list[Result]:
    """Run a command for each kernel; ``write`` gets the kernel and each line of output as it comes.

    The results are in the order of ``commands``. Whatever ends this ends the processes, too.
    """
    waiting = deque(commands.items())
    running: dict[int, _Running] = {}
    results: dict[str, Result] = {}
    with selectors.DefaultSelector() as selector:
        try:
            while waiting or running:
                while waiting and len(running) < at_once:
                    started = _Running(*waiting.popleft(), environment)
                    running[started.stdout.fileno()] = started
                    selector.register(started.stdout, selectors.EVENT_READ)
                for key, _ in selector.select():
                    each = running[key.fd]
                    lines = each.lines()
                    for line in lines or ():
                        write(each.kernel, line)
                    if lines is None:
                        selector.unregister(key.fileobj)
                        del running[key.fd]
                        results[each.kernel] = each.result()
        finally:
            _end(list(running.values()))
    return [results[kernel] for kernel in commands]


def _end(running: list[_Running]) -> None:
    for each in running:
        each.process.terminate()
    for each in running:
        each.process.wait()
        each.stdout.close()


def table(results: Sequence[Result]) -> str:
    """Kernel, status and time of each, in columns."""
    lines = ["kernel  status  time"]
    for result in results:
        words = "ok" if result.status == 0 else WORDS.get(result.status, f"exit {result.status}")
        lines.append(f"{result.kernel:6}  {words:6}  {result.seconds:.0f} s")
    return "\n".join(lines)


TIMED_OUT, FAILED = 124, 125
"""What ``tinybpf vm`` ends with where the time was up, and where the guest did not start or died."""

WORDS = {TIMED_OUT: "timed out", FAILED: "the guest failed"}
