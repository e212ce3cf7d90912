"""Arguments of functions in libraries and of raw tracepoints, as programs declare them."""

from __future__ import annotations

import ctypes
import os
import platform

import pytest

import tinybpf

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


@pytest.mark.parametrize(
    ("name", "method", "given", "words"),
    [
        (
            "onAbs",
            "attach_uretprobe",
            ("libc.so.6",),
            "of section uprobe find elsewhere than those of uretprobe",
        ),
        (
            "onReturn",
            "attach_kprobe",
            ("vfs_fallocate",),
            "of section kretprobe find elsewhere than those of kprobe",
        ),
        (
            "onCall",
            "attach_kprobe",
            ("__x64_sys_read",),
            "of section ksyscall find elsewhere than those of kprobe",
        ),
        ("onEntry", "attach_ksyscall", ("read",), "of section kprobe find elsewhere than those of ksyscall"),
    ],
)
def test_parameters_that_would_be_elsewhere(watch, name: str, method: str, given: tuple[str], words: str):
    options = {"symbol": "abs"} if "uret" in method else {}
    with pytest.raises(tinybpf.BpfError, match=f"'{name}' declares parameters, which programs {words}\n"):
        getattr(watch(name).program, method)(*given, **options)


@pytest.mark.parametrize(("name", "method"), [("onAbs", "attach_uprobe"), ("onEntry", "attach_kprobe")])
def test_parameters_inside_of_a_function(watch, name: str, method: str):
    program = watch(name).program
    with pytest.raises(
        tinybpf.BpfError, match="which are there only where a function begins\n  hint: declare"
    ):
        if method == "attach_uprobe":
            program.attach_uprobe("libc.so.6", 4, symbol="abs")
        else:
            program.attach_kprobe("vfs_fallocate", offset=4)


def test_a_raw_tracepoint(watch):
    seen = watch("onRaw")
    seen.program.attach()
    os.getppid()
    assert seen[BEGAN] == (1, [110, 110, 1, 0])
