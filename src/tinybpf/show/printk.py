"""What programs print with ``Printk``, from the kernel's trace_pipe.

It is opened only where a program prints: what one process reads from it, no other sees.
"""

from __future__ import annotations

import errno
import os
import re
import sys
from collections.abc import Iterable

from tinybpf.errors import BpfError, NotFoundError
from tinybpf.show.report import Line

HELPERS = frozenset([6, 177])  # bpf_trace_printk, bpf_trace_vprintk
CALL = 0x85
INSTRUCTION = 8

MARK = b": bpf_trace_printk: "
MOST_READS = 64
_HEAD = re.compile(rb"\s*(.{1,16}?)-(\d+)\s+(?:\([ \d-]+\)\s+)?\[(\d+)\]\s+(?:\S+\s+)?(\d+\.\d+)$")


def prints(elf: bytes, sections: Iterable[str]) -> bool:
    """Whether one of the sections (or a subprogram) of the object calls a helper that prints."""
    from tinybpf.libbpf.btf_ext import read_sections

    found = read_sections(elf)
    return any(_calls(bytes(found[name])) for name in {*sections, ".text"} if name in found)


def _calls(code: bytes) -> bool:
    at = code.find(CALL)
    while at >= 0:
        helper = int.from_bytes(code[at + 4 : at + 8], sys.byteorder)
        if at % INSTRUCTION == 0 and not code[at + 1] >> 4 and helper in HELPERS:
            return True
        at = code.find(CALL, at + 1)
    return False


class TracePipe:
    """The lines that BPF programs print from now on; ``pid`` limits them to one process.

    `NotFoundError` where tracefs is not mounted.
    """

    def __init__(self, pid: int | None = None) -> None:
        self._pid = pid
        self._rest = b""
        self._threads: dict[int, bool] = {}
        self.fd = _open()
        self._drain()  # what others printed before

    def read(self) -> list[Line]:
        """The lines that have come, without waiting."""
        lines = (self._rest + self._drain()).split(b"\n")
        self._rest = lines.pop()
        found = [parsed for parsed in map(parse, lines) if parsed is not None]
        return [line for line in found if self._is_wanted(line.pid)]

    def _is_wanted(self, thread: int) -> bool:
        if self._pid is None:
            return True
        known = self._threads.get(thread)
        if known is None:
            known = thread == self._pid or os.path.exists(f"/proc/{self._pid}/task/{thread}")
            self._threads[thread] = known
        return known

    def _drain(self) -> bytes:
        found = []
        for _ in range(MOST_READS):
            try:
                part = os.read(self.fd, 65536)
            except BlockingIOError:
                break
            if not part:
                break
            found.append(part)
        return b"".join(found)

    def close(self) -> None:
        os.close(self.fd)


def _open() -> int:
    from tinybpf.system import mounted

    places = [*mounted("tracefs"), "/sys/kernel/tracing", "/sys/kernel/debug/tracing"]
    for place in places:
        try:
            return os.open(f"{place}/trace_pipe", os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except FileNotFoundError:
            continue
        except OSError as error:
            reason = error.strerror
            if error.errno == errno.EBUSY:
                reason = "another process reads it"
            raise BpfError(f"open {place}/trace_pipe failed: {reason}", error.errno or 0) from None
    message = "the program prints, and tracefs, where that comes out, is not mounted"
    hint = "mount -t tracefs tracefs /sys/kernel/tracing"
    raise NotFoundError(f"{message}\n  hint: {hint}", errno.ENOENT)


def parse(line: bytes) -> Line | None:
    """A line of trace_pipe that a BPF program printed, or None."""
    before, marker, message = line.partition(MARK)
    if not marker:
        return None
    found = _HEAD.match(before)
    if found is None:
        return None
    comm, pid, cpu, seconds = found.groups()
    text = message.decode("utf-8", "backslashreplace")
    return Line(comm.decode("utf-8", "backslashreplace"), int(pid), int(cpu), float(seconds), text)
