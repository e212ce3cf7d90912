"""What programs print with ``Printk``, where an object has programs that print."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tinybpf.libbpf.trace import TraceRecord

HELPERS = frozenset([6, 177])  # bpf_trace_printk, bpf_trace_vprintk
CALL = 0x85
INSTRUCTION = 8


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


class Printed:
    """What is printed from now on; ``pid`` limits it to the threads of one process.

    The errors are those of ``tinybpf.trace_pipe``.
    """

    def __init__(self, pid: int | None = None) -> None:
        from tinybpf.libbpf.trace import trace_pipe

        self._pid = pid
        self._threads: dict[int, bool] = {}
        self._stream = trace_pipe()
        self.fd = self._stream.fileno()
        self.count = 0
        if self._stream.is_shared:
            self._stream.take()  # what others printed before

    @property
    def lost(self) -> int:
        """How many lines were printed faster than they were read."""
        return self._stream.lost

    def read(self) -> list[TraceRecord]:
        """The lines that have come, without waiting."""
        return [record for record in self._stream.take() if self._is_wanted(record.pid)]

    def _is_wanted(self, thread: int) -> bool:
        if self._pid is None:
            return True
        known = self._threads.get(thread)
        if known is None:
            known = thread == self._pid or os.path.exists(f"/proc/{self._pid}/task/{thread}")
            self._threads[thread] = known
        return known

    def __enter__(self) -> Printed:
        return self

    def __exit__(self, *reason: object) -> None:
        self._stream.close()
