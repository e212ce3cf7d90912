"""The worker process: starting it, talking to it, and how it ended.

Messages are ``marshal`` data with their length before them. Importing this takes no time worth
mentioning.
"""

from __future__ import annotations

import marshal
import os
import select
import sys
import time

from tinybpf.errors import BpfError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

MALLOC = (
    "glibc.malloc.hugetlb=1:glibc.malloc.top_pad=16777216:"
    "glibc.malloc.tcache_max=8192:glibc.malloc.tcache_count=1000"
)
"""For the worker: LLVM walks over much memory in small steps, and takes a sixth less time in large pages.

It frees what it takes again soon, which is quicker where much of it is at hand.
"""


class Worker:
    """The worker process, its two pipes, and the process that it belongs to."""

    def __init__(self, pid: int, requests: int, answers: int) -> None:
        self.pid = pid
        self.requests = requests
        self.answers = answers
        self.hello: dict[str, Any] | None = None
        self.status: int | None = None
        self.owes = False
        """Whether an answer is on its way that nobody wants."""

    def send(self, message: Any) -> None:
        body = marshal.dumps(message)
        data = memoryview(len(body).to_bytes(8, "little") + body)
        while data:
            data = data[os.write(self.requests, data) :]

    def receive(self, deadline: float) -> Any:
        """One message; ``EOFError`` where the worker has ended, ``TimeoutError`` past the deadline."""
        size = int.from_bytes(self._read(8, deadline), "little")
        return marshal.loads(self._read(size, deadline))

    def _read(self, size: int, deadline: float) -> bytes:
        answers = select.poll()
        answers.register(self.answers, select.POLLIN)
        parts = []
        while size:
            left = deadline - time.monotonic()
            if left <= 0 or not answers.poll(left * 1e3):
                raise TimeoutError
            part = os.read(self.answers, min(size, 1 << 20))
            if not part:
                raise EOFError
            parts.append(part)
            size -= len(part)
        return b"".join(parts)

    def ended(self) -> bool:
        """Whether the worker is gone; where somebody else in this process waits for all children, too."""
        if self.status is None:
            try:
                pid, status = os.waitpid(self.pid, os.WNOHANG)
            except ChildProcessError:
                self.status = 0
            else:
                self.status = status if pid else None
        return self.status is not None

    def close(self) -> None:
        for fd in (self.requests, self.answers):
            quietly(os.close, fd)

    def end(self) -> str:
        """Stop the worker; how it ended, in words."""
        self.close()
        if not self.ended():
            from signal import SIGKILL

            quietly(os.kill, self.pid, SIGKILL)
            try:
                _, self.status = os.waitpid(self.pid, 0)
            except ChildProcessError:
                self.status = 0
        return describe(self.status or 0)


def quietly(call: Any, *arguments: Any) -> None:
    try:  # noqa: SIM105 (contextlib is not imported yet)
        call(*arguments)
    except OSError:
        pass


def describe(status: int) -> str:
    """A wait status in words."""
    if os.WIFSIGNALED(status):
        from signal import strsignal

        number = os.WTERMSIG(status)
        return f"killed by signal {number} ({strsignal(number) or 'unknown'})"
    return f"ended with status {os.WEXITSTATUS(status)}"


def spawn() -> Worker:
    """A process of its own group, so that Ctrl-C at the terminal does not reach it."""
    script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "_llvm_worker.py")
    folders = [p for p in sys.path if p and os.path.isdir(p)]
    arguments = [sys.executable, "-S", "-E", "-X", "utf8", script, *_standard_library(), *folders]
    their_input, requests = os.pipe()
    answers, their_output = os.pipe()
    try:
        pid = os.posix_spawn(
            sys.executable,
            arguments,
            {"GLIBC_TUNABLES": MALLOC, **os.environ},
            file_actions=[
                (os.POSIX_SPAWN_DUP2, their_input, 0),
                (os.POSIX_SPAWN_DUP2, their_output, 1),
            ],
            setpgroup=0,
            setsigmask=[],
        )
    except OSError as problem:
        for fd in (requests, answers):
            os.close(fd)
        raise BpfError(
            f"start the LLVM worker {sys.executable} failed: {problem.strerror}", problem.errno or 0
        ) from None
    finally:
        os.close(their_input)
        os.close(their_output)
    return Worker(pid, requests, answers)


def _standard_library() -> list[str]:
    return [os.path.dirname(os.__file__)]
