"""Counting how often programs run and how long: the kernel does it while somebody asks for it."""

from __future__ import annotations

import errno
import os

from tinybpf.errors import BpfError
from tinybpf.libbpf import _hints
from tinybpf.libbpf._check import Hints, attempt
from tinybpf.libbpf._lib import lib

_RUN_TIME = 0  # BPF_STATS_RUN_TIME


class RunStats:
    """What `enable_stats` returns: the kernel counts until `close`, or the end of a ``with``."""

    def __init__(self, fd: int) -> None:
        self._fd = fd

    @property
    def enabled(self) -> bool:
        """Whether it was not closed yet."""
        return self._fd >= 0

    def close(self) -> None:
        """Count no longer, unless somebody else asks for it. Idempotent."""
        fd, self._fd = self._fd, -1
        if fd >= 0:
            os.close(fd)

    def __enter__(self) -> RunStats:
        if not self.enabled:
            raise BpfError("the statistics of programs are closed: call enable_stats() again")
        return self

    def __exit__(self, *reason: object) -> None:
        self.close()

    def __del__(self) -> None:
        if getattr(self, "_fd", -1) >= 0:
            self.close()

    def __repr__(self) -> str:
        return f"<RunStats {'enabled' if self.enabled else 'closed'}>"


def enable_stats() -> RunStats:
    """Have the kernel count the runs and the run time of all programs, as `ProgramInfo` has them.

    ``with tinybpf.enable_stats(): …``; it costs each run some 20 ns. Kernel 5.8 or later; since 5.1
    ``sysctl kernel.bpf_stats_enabled=1`` does it for the whole machine. It takes CAP_SYS_ADMIN.
    """
    hints: Hints = {
        errno.EPERM: lambda: _hints.permission_hint((_hints.SYS_ADMIN,)),
        errno.EINVAL: "Linux 5.8 brought it; before, sysctl kernel.bpf_stats_enabled=1 does the same (5.1)",
    }
    return RunStats(attempt("enable statistics of programs", lib.bpf_enable_stats, _RUN_TIME, hints=hints))
