"""BPF_PROG_TEST_RUN in a test: skipped where the kernel is too old to run programs of the type so."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING, Any

import pytest

from tinybpf import system
from tinybpf.errors import BpfError

if TYPE_CHECKING:
    from tinybpf.libbpf import BpfProgram, TestRunResult
    from tinybpf.testing.programs import Load

ENOTSUPP = 524

# Since when Linux runs programs of these types so; those that are not here it never does.
SINCE = {
    "SOCKET_FILTER": "4.12",
    "SCHED_CLS": "4.12",
    "SCHED_ACT": "4.12",
    "XDP": "4.12",
    "CGROUP_SKB": "4.12",
    "LWT_IN": "4.12",
    "LWT_OUT": "4.12",
    "LWT_XMIT": "4.12",
    "LWT_SEG6LOCAL": "4.18",
    "FLOW_DISSECTOR": "5.1",
    "TRACING": "5.7",
    "RAW_TRACEPOINT": "5.10",
    "SK_LOOKUP": "5.13",
    "SYSCALL": "5.14",
    "NETFILTER": "6.4",
}


class TestRun:
    """The fixture ``test_run``."""

    __test__ = False  # no test class, whatever pytest thinks

    def __init__(self, loaded: Load) -> None:
        self._loaded = loaded

    def __repr__(self) -> str:
        return f"<test_run of {self._loaded!r}>"

    def __call__(
        self,
        program: str | BpfProgram,
        data: Any = None,
        ctx: Any = None,
        repeat: int = 1,
        *,
        data_out_size: int | None = None,
    ) -> TestRunResult:
        """Run a program ``repeat`` times on a packet, a context, or both.

        ``program`` is one of what ``bpf_object`` has loaded in this test, by name, or a
        ``BpfProgram``; the rest is as for ``BpfProgram.test_run``, with the same errors.
        """
        found = self._loaded.program(program) if isinstance(program, str) else program
        try:
            return found.test_run(data, ctx, repeat, data_out_size=data_out_size)
        except BpfError as error:
            since = SINCE.get(found.type.name)
            if (
                error.errno not in (errno.EOPNOTSUPP, ENOTSUPP)
                or since is None
                or not system.older_than(since)
            ):
                raise
        pytest.skip(
            f"needs Linux {since}, which brought test runs of {found.type.name} programs; "
            f"this kernel is {system.kernel_release()}"
        )
