"""Ctrl-C while the kernel verifies a program: see csrc/interrupt.c."""

from __future__ import annotations

from typing import Any

from tinybpf.libbpf._lib import ffi

_raised: list[BaseException] = []  # by the handler of a signal: in the main thread, so there is one at most


def _keep(kind: Any, error: BaseException, trace: Any) -> None:
    _raised.append(error)


@ffi.def_extern(name="tb_signals", error=1, onerror=_keep)  # type: ignore[untyped-decorator]
def _signals() -> int:
    """Called is enough: handlers of signals run before this does."""
    return 0


def raise_interrupt() -> None:
    """Raise what a handler raised while C did not listen."""
    if _raised:
        raise _raised.pop()
