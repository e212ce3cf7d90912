"""Arguments of functions in libraries and of raw tracepoints, as programs declare them."""

from __future__ import annotations

import ctypes
import os
import platform

import pytest

pytestmark = [
    pytest.mark.kernel,
    pytest.mark.skipif(platform.machine() != "x86_64", reason="numbers of system calls are those of x86-64"),
]

ENTERED, RETURNED, BEGAN = range(3)


@pytest.mark.parametrize(("name", "which", "value"), [("onAbs", ENTERED, -5), ("onAbsReturns", RETURNED, 5)])
def test_a_function_of_a_library(watch, name: str, which: int, value: int):
    seen = watch(name)
    seen.program.attach_uprobe("libc.so.6", symbol="abs", retprobe=which == RETURNED)
    assert ctypes.CDLL(None).abs(-5) == 5
    assert seen[which] == (1, [value, 0, 0, 0])


def test_a_raw_tracepoint(watch):
    seen = watch("onRaw")
    seen.program.attach()
    os.getppid()
    assert seen[BEGAN] == (1, [110, 110, 1, 0])
