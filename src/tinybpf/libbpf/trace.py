"""What programs print: ``for record in tinybpf.trace_pipe()``.

``bpf_trace_printk`` writes into the kernel's trace buffer. Each reader here gets a buffer of its own
(an instance below tracefs that records this one event), so that readers take nothing away from each
other, and get only what is printed from now on. Where the kernel cannot do that (before 5.9), it is
the one buffer that the whole machine shares: each line goes to one reader, old lines first.
"""

from __future__ import annotations

import errno
import os
import re
import select
import time
from _thread import RLock
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, NamedTuple
from weakref import finalize

from tinybpf.libbpf._check import Hints, error_from, not_found
from tinybpf.libbpf._handle import closed_error
from tinybpf.libbpf.stream import check_limits

ROOTS = ("/sys/kernel/tracing", "/sys/kernel/debug/tracing")
MOUNT = "mount -t tracefs tracefs /sys/kernel/tracing"
EVENT = "events/bpf_trace/bpf_trace_printk/enable"
PREFIX = "tinybpf-"
NOT_SAVED = "<...>"
HOUR = 3600.0
CHUNK = 64 * 1024
WHAT = "read the kernel's trace_pipe"

# The name is padded to 16 bytes: nothing that a task calls itself, or prints, moves the rest.
_LINE = re.compile(
    rb"(?P<task>.{16})-(?P<pid>\d+) +(?:\([ \d-]+\) +)?\[(?P<cpu>\d+)\] +(?:[^ ]+ +)?"
    rb"(?P<seconds>\d+\.\d+): (?P<event>[^:]*): ?(?P<text>.*)"
)
_LOST = re.compile(rb"CPU:\d+ \[LOST (?P<count>\d+) EVENTS\]")


class TraceRecord(NamedTuple):
    """What one call of ``bpf_trace_printk`` printed.

    ``task`` is the name of the thread that ran the program (``<...>`` where the kernel has not noted
    it) and ``pid`` its id, as the host sees it;
    ``timestamp`` is in seconds of the monotonic clock (of the machine's trace clock where the
    buffer is the shared one); ``text`` has no newline at its end.
    """

    task: str
    pid: int
    cpu: int
    timestamp: float
    text: str


class TraceStream(Iterator[TraceRecord]):
    """Yields records as they come, until it is closed, or after a time or a count.

    The time runs from the first record that is asked for. Ctrl-C interrupts it; `close`, from
    another thread or between two records, ends it.
    """

    def __init__(
        self, *, timeout: float | None = None, count: int | None = None, pid: int | None = None
    ) -> None:
        check_limits(timeout, count)
        if pid is not None and not isinstance(pid, int):
            raise TypeError(f"pid must be a thread's id, not {type(pid).__name__}")
        self._timeout = None if timeout == float("inf") else timeout
        self._left = count
        self._pid = pid
        self._deadline: float | None = None
        self._records: deque[TraceRecord] = deque()
        self._rest = b""
        self._lost = 0
        self._host_ids: bool | None = None
        self._pipe, self._instance = _open()
        self._wake = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        self._poll = select.poll()
        self._poll.register(self._pipe, select.POLLIN)
        self._poll.register(self._wake, select.POLLIN)
        self._lock = RLock()
        self._users = 0
        self._closed = False
        self._end = finalize(self, _close, self._pipe, self._wake, self._instance)

    @property
    def closed(self) -> bool:
        """Whether it has ended, or was closed."""
        return self._closed

    @property
    def lost(self) -> int:
        """How many records were printed faster than they were read."""
        return self._lost

    @property
    def is_shared(self) -> bool:
        """Whether it reads the machine's one buffer, where each line goes to one reader."""
        return self._instance is None

    def fileno(self) -> int:
        """A descriptor that is readable when there are records, for select, epoll or asyncio."""
        if self._closed:
            raise closed_error("stream", "trace_pipe")
        return self._pipe

    def take(self) -> list[TraceRecord]:
        """What is there, without waiting."""
        while not self._closed and self._fill():
            pass
        records = list(self._records)
        self._records.clear()
        return records

    def __next__(self) -> TraceRecord:
        if self._timeout is not None and self._deadline is None:
            self._deadline = time.monotonic() + self._timeout
        while self._left != 0 and not self._closed:
            left = None if self._deadline is None else self._deadline - time.monotonic()
            if left is not None and left <= 0:
                break
            if self._records or self._fill():
                with suppress(IndexError):  # another thread was faster
                    record = self._records.popleft()
                    if self._left is not None:
                        self._left -= 1
                    return record
                continue
            self._wait(left)
        self.close()
        raise StopIteration

    def _wait(self, seconds: float | None) -> None:
        if self._enter():
            try:
                self._poll.poll(None if seconds is None else int(min(seconds, HOUR) * 1000 + 0.999))
            finally:
                self._leave()

    def _fill(self) -> bool:
        """Read once; whether that gave anything, be it records of others."""
        if not self._enter():
            return False
        try:
            data = os.read(self._pipe, CHUNK)
        except BlockingIOError:
            return False
        except OSError as error:
            raise error_from(WHAT, error.errno or 0, None) from None
        finally:
            self._leave()
        self._parse(data)
        return bool(data)

    def _parse(self, data: bytes) -> None:
        """Add the records of a piece of the pipe, which ends with a whole record."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        ours = False
        for line in lines:
            found = _LINE.fullmatch(line)
            if found:
                ours = self._add(found)
            elif lost := _LOST.match(line):
                self._lost += int(lost["count"])
            elif ours and self._records:  # the text itself has several lines
                last = self._records[-1]
                if line:
                    self._records[-1] = last._replace(text=f"{last.text}\n{_text(line)}")

    def _add(self, found: re.Match[bytes]) -> bool:
        """Keep what a program printed; False for all else that is in the buffer."""
        event = found["event"]
        printed = event == b"bpf_trace_printk" or (self.is_shared and event.startswith(b"0"))
        pid = int(found["pid"])
        if not printed or (self._pid is not None and pid != self._pid):
            return False
        task, text = _text(found["task"].lstrip(b" ")), _text(found["text"])
        if task == NOT_SAVED:
            task = self._name_of(pid)
        self._records.append(TraceRecord(task, pid, int(found["cpu"]), float(found["seconds"]), text))
        return True

    def _name_of(self, pid: int) -> str:
        """The name of a thread that the kernel has not noted yet, where its id is one of ours."""
        if self._host_ids is None:
            from tinybpf.system import in_initial_pid_namespace

            self._host_ids = bool(in_initial_pid_namespace())
        if self._host_ids:
            with suppress(OSError), open(f"/proc/{pid}/comm", "rb") as file:
                return _text(file.read().rstrip(b"\n"))
        return NOT_SAVED

    def close(self) -> None:
        """End the stream, and take its buffer away. Idempotent."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            os.eventfd_write(self._wake, 1)
            if not self._users:
                self._end()

    # Who is inside while another thread closes has the descriptors until he is out.

    def _enter(self) -> bool:
        with self._lock:
            self._users += not self._closed
            return not self._closed

    def _leave(self) -> None:
        with self._lock:
            self._users -= 1
            if self._closed and not self._users:
                self._end()

    def __enter__(self) -> TraceStream:
        if self._closed:
            raise closed_error("stream", "trace_pipe")
        return self

    def __exit__(self, *reason: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<TraceStream{' shared' if self.is_shared else ''}{' closed' if self._closed else ''}>"


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "backslashreplace")


def trace_pipe(
    *, timeout: float | None = None, count: int | None = None, pid: int | None = None
) -> TraceStream:
    """What programs print with ``bpf_trace_printk`` (``Printk``) from now on, as a stream of records.

    It ends after ``timeout`` seconds, after ``count`` records, or when it is closed; ``pid`` leaves
    out all threads but one. Kernel 5.9 or later; before that it reads the one buffer of the machine,
    of which each line goes to one reader. Needs root, or a tracefs that lets you in.

    `NotFoundError` where tracefs is not mounted, `BpfError` with EACCES where it may not be read,
    with EBUSY where the shared buffer has a reader already.
    """
    return TraceStream(timeout=timeout, count=count, pid=pid)


def _open() -> tuple[int, str | None]:
    """The descriptor of a trace_pipe, and the instance that it is of (None: the shared one)."""
    root = next((root for root in ROOTS if os.path.exists(f"{root}/trace_pipe")), None)
    if root is None:
        if any(_is_hidden(root) for root in ROOTS):
            raise error_from(WHAT, errno.EACCES, None, {errno.EACCES: _share(ROOTS[0])})
        message = f"{WHAT} failed: tracefs is not mounted\n  hint: {MOUNT}"
        raise not_found(message, errno.ENOENT)
    for _ in range(3 if os.path.exists(f"{root}/{EVENT}") else 0):
        with suppress(OSError):  # may not, or another process cleaned up just now
            return _open_instance(root)
    try:
        return _open_pipe(root), None
    except OSError as error:
        hints: Hints = {errno.EBUSY: lambda: _readers(root), errno.EACCES: _share(root)}
        raise error_from(WHAT, error.errno or 0, None, hints) from None


def _share(root: str) -> str:
    return (
        f"this user may not read {root}: run it as root, or mount -o remount,mode=0750,gid=GROUP {root} as "
        "root, GROUP being a group of this user"
    )


def _is_hidden(root: str) -> bool:
    try:
        os.listdir(root)
    except PermissionError:
        return True
    except OSError:
        return False
    return False


def _open_instance(root: str) -> tuple[int, str]:
    """An instance that records what programs print, and nothing else."""
    _clean_up(root)
    instance = f"{root}/instances/{PREFIX}{os.getpid()}-{os.urandom(4).hex()}"
    os.mkdir(instance, 0o700)
    try:
        pipe = _open_pipe(instance)
    except OSError:
        _remove(instance)
        raise
    try:
        with suppress(OSError):
            _write(f"{instance}/trace_clock", "mono")
        _write(f"{instance}/{EVENT}", "1")
    except OSError:
        os.close(pipe)
        _remove(instance)
        raise
    return pipe, instance


def _open_pipe(directory: str) -> int:
    return os.open(f"{directory}/trace_pipe", os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)


def _write(path: str, text: str) -> None:
    with open(path, "w") as file:
        file.write(text)


def _clean_up(root: str) -> None:
    """Remove what killed processes left: the kernel keeps an instance whose pipe is open."""
    for name in os.listdir(f"{root}/instances"):
        if name.startswith(PREFIX):
            _remove(f"{root}/instances/{name}")


def _remove(instance: str) -> None:
    with suppress(OSError):
        os.rmdir(instance)


def _close(pipe: int, wake: int, instance: str | None) -> None:
    os.close(pipe)
    os.close(wake)
    if instance is not None:
        _remove(instance)


def _readers(root: str) -> str | None:
    """Who has the shared pipe open."""
    pipe, found = f"{root}/trace_pipe", []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        with suppress(OSError):
            links: Any = (os.readlink(f"/proc/{pid}/fd/{fd}") for fd in os.listdir(f"/proc/{pid}/fd"))
            if any(link == pipe for link in links):
                with open(f"/proc/{pid}/comm") as file:
                    found.append(f"{file.read().strip()} (process {pid})")
    return f"it is being read by {', '.join(found)}" if found else "another process reads it"
