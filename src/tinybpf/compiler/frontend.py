"""Runs the front end, the Go program that parses and type-checks, and decodes its answer.

::

    document = frontend.run(request)

    running = frontend.start(request)      # does other work meanwhile
    document = running.result()

The program is plain data of the package; ``TINYBPF_FRONTEND`` names another one. It is started
with ``posix_spawn`` and pipes of our own: ``subprocess`` alone takes longer to import than the
front end takes to run.

What the program writes to its standard error is the cause (``__cause__``) of the exception that
tells of its failure.
"""

from __future__ import annotations

import gc
import os
import select
import signal
import time
from collections.abc import Mapping
from contextlib import suppress
from functools import lru_cache
from typing import TYPE_CHECKING

import msgspec

from tinybpf.compiler import ssa
from tinybpf.compiler.diagnostics import Diagnostic, fault
from tinybpf.errors import CompileError, InternalCompilerError, NotFoundError

if TYPE_CHECKING:
    from types import TracebackType

TIMEOUT = 60.0
"""Seconds that a run may take."""

_CHUNK = 1 << 20
_LOG_KEPT = 1 << 16


class OutOfTime(CompileError):
    """The front end had not ended when its time was up."""


class FrontendLog(Exception):
    """What the front end wrote to its standard error: the cause of an internal error."""


@lru_cache(maxsize=1)
def _decoder() -> msgspec.json.Decoder[ssa.Document]:
    return msgspec.json.Decoder(ssa.Document)


def find_binary() -> str:
    """The path of the front end's program; ``NotFoundError`` where there is none."""
    override = os.environ.get("TINYBPF_FRONTEND")
    if override:
        if not os.path.isfile(override):
            raise NotFoundError(f"TINYBPF_FRONTEND names {override}, which does not exist")
        return override
    import tinybpf.compiler as package

    places = [os.path.join(root, "_bin", "frontend") for root in package.__path__]
    for place in places:
        if os.path.isfile(place):
            return place
    raise NotFoundError(
        f"tinybpf's Go front end is not installed: no {' or '.join(places)}; install tinybpf from a "
        "wheel, or name the program in TINYBPF_FRONTEND"
    )


def run(request: ssa.Request, timeout: float = TIMEOUT) -> ssa.Document:
    """The front end's document for a request; see ``Frontend.result`` for the errors."""
    return start(request, timeout).result()


def start(request: ssa.Request, timeout: float = TIMEOUT) -> Frontend:
    """Starts the front end and returns at once; ``timeout`` is in seconds from now."""
    running = Frontend(find_binary(), msgspec.json.encode(request), timeout)
    _decoder()  # takes a moment to make, and there is one
    return running


def decode(answer: bytes) -> ssa.Document:
    """A document from its JSON text, whatever its size in linear time.

    The garbage collector would look at all that exists again and again while the document grows;
    nothing in it is garbage, and nothing in it can be part of a cycle.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        return _decoder().decode(answer)
    finally:
        if enabled:
            gc.enable()


class Frontend:
    """A running front end. ``result`` ends it; so does leaving it as a context manager."""

    def __init__(self, binary: str, request: bytes, timeout: float = TIMEOUT) -> None:
        self._binary = binary
        self._timeout = timeout
        self._deadline = time.monotonic() + timeout
        self._request = memoryview(request)
        self._answer = bytearray()
        self._log = bytearray()
        self._pid, self._stdin, self._stdout, self._stderr = _spawn(binary)
        os.set_blocking(self._stdin, False)
        self._feed()

    def __enter__(self) -> Frontend:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __del__(self) -> None:
        self.close()

    def result(self) -> ssa.Document:
        """Waits for the document; errors in the source are in it as diagnostics.

        Raises ``CompileError`` where the time is up, ``InternalCompilerError`` where the front end
        died, failed, met a fault of its own, or answered what is no document.
        """
        if not self._pid:
            raise ValueError("the front end's result has been taken, or it was closed")
        try:
            self._exchange()
            status = self._wait()
        finally:
            self.close()
        if status < 0:
            raise self._failed(f"was killed by {_signal_name(-status)}") from self._cause()
        if status:
            raise self._failed(f"failed with status {status}") from self._cause()
        try:
            document = decode(bytes(self._answer))
        except msgspec.MsgspecError as error:
            raise self._failed(f"answered what is no document: {error}") from error
        if document.protocol != ssa.PROTOCOL:
            raise self._failed(f"speaks protocol {document.protocol}, not {ssa.PROTOCOL}")
        faults = [d for d in document.diagnostics if d.kind == "internal"]
        if faults:
            raise InternalCompilerError([_fault(document, d) for d in faults]) from self._cause()
        return document

    def close(self) -> None:
        """Ends the program, where it still runs, and frees what belongs to it."""
        for name in ("_stdin", "_stdout", "_stderr"):
            fd = getattr(self, name, -1)
            if fd >= 0:
                os.close(fd)
                setattr(self, name, -1)
        pid = getattr(self, "_pid", 0)
        if pid:
            self._pid = 0
            with suppress(ProcessLookupError, ChildProcessError):
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)

    def _feed(self) -> None:
        """Writes as much of the request as the pipe takes."""
        try:
            while self._request:
                self._request = self._request[os.write(self._stdin, self._request[:_CHUNK]) :]
        except BlockingIOError:
            return
        except BrokenPipeError:
            pass  # it died; its status tells why
        os.close(self._stdin)
        self._stdin = -1

    def _exchange(self) -> None:
        """Moves bytes until the program has closed its outputs."""
        poll = select.poll()
        sinks = {self._stdout: self._answer, self._stderr: self._log}
        for fd in sinks:
            poll.register(fd, select.POLLIN)
        if self._stdin >= 0:
            poll.register(self._stdin, select.POLLOUT)
        while sinks:
            events = poll.poll(max(0.0, self._deadline - time.monotonic()) * 1000)
            if not events:
                raise self._out_of_time()
            for fd, _ in events:
                if fd in sinks:
                    data = os.read(fd, _CHUNK)
                    sinks[fd] += data
                    if not data:
                        poll.unregister(fd)
                        del sinks[fd]
                    continue
                self._feed()
                if self._stdin < 0:
                    poll.unregister(fd)

    def _wait(self) -> int:
        """The exit status; the number of the signal, negated, where one ended it."""
        while True:
            try:
                pid, status = os.waitpid(self._pid, os.WNOHANG)
            except ChildProcessError:  # somebody else in this process waits for all children
                self._pid = 0
                return 0
            if pid:
                self._pid = 0
                return os.waitstatus_to_exitcode(status)
            if time.monotonic() > self._deadline:
                raise self._out_of_time()
            time.sleep(0.0002)

    def _out_of_time(self) -> CompileError:
        return _error(
            OutOfTime, f"parsing and type-checking took more than {self._timeout:g} s and was ended"
        )

    def _failed(self, what: str) -> CompileError:
        said = self._log.decode(errors="replace").strip().partition("\n")[0]
        return _error(
            InternalCompilerError,
            f"tinybpf's Go front end ({self._binary}) {what}{': ' if said else ''}{said}",
        )

    def _cause(self) -> FrontendLog | None:
        text = bytes(self._log[:_LOG_KEPT]).decode(errors="replace").strip()
        return FrontendLog(text) if text else None


def _fault(document: ssa.Document, found: ssa.Diagnostic) -> Diagnostic:
    """A fault of the front end's own, where it happened."""
    message = f"Go front end: {found.message}"
    file, line, col = found.pos.file, found.pos.line, found.pos.col
    if line <= 0 or not 0 <= file < len(document.files):
        return fault(Diagnostic("", 0, 0, message))
    shown = document.files[file]
    lines = shown.text.split("\n")
    source = lines[line - 1] if line <= len(lines) else None
    return fault(Diagnostic(shown.path, line, col, message, source=source))


def _error(kind: type[CompileError], message: str) -> CompileError:
    found = Diagnostic("", 0, 0, message, kind="project")
    return kind([fault(found) if kind is InternalCompilerError else found])


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _spawn(binary: str, environment: Mapping[str, str] = os.environ) -> tuple[int, int, int, int]:
    """Starts the program; its process id and our ends of its three pipes."""
    pipes = [os.pipe() for _ in range(3)]
    (stdin, to_child), (from_child, stdout), (errors, stderr) = pipes
    try:
        pid = os.posix_spawn(
            binary,
            [binary],
            environment,
            file_actions=[
                (os.POSIX_SPAWN_DUP2, fd, number) for number, fd in enumerate((stdin, stdout, stderr))
            ],
            setsigmask=[],
            setsigdef=[signal.SIGPIPE],
        )
    except OSError as error:
        for fd in (to_child, from_child, errors):
            os.close(fd)
        raise _error(
            InternalCompilerError, f"tinybpf's Go front end ({binary}) does not start: {error.strerror}"
        ) from error
    finally:
        for fd in (stdin, stdout, stderr):
            os.close(fd)
    return pid, to_child, from_child, errors
