"""Cookies: the number that a program finds, by which it tells where it was attached."""

from __future__ import annotations

import ctypes
import mmap
import os
import time

import pytest
from lacking import skip_without
from observing import observed

import tinybpf
from tinybpf import system

pytestmark = pytest.mark.kernel

LARGE = (1 << 64) - 2
LIBC = ctypes.CDLL("libc.so.6")


def test_tracepoint(counted):
    seen = counted("onTracepoint")
    link = seen.program.attach_tracepoint("syscalls", "sys_enter_getppid", cookie=LARGE)
    os.getppid()
    assert observed("calls by cookie", seen.calls()) == {LARGE: 1}
    if not system.older_than("6.9"):
        assert (link.info.kind, link.info.cookie) == ("tracepoint", LARGE)


def test_raw_tracepoint(counted):
    seen = counted("onRaw")
    with seen.program.attach_raw_tracepoint("sys_enter", cookie=7):
        os.getppid()
    calls = seen.calls()
    assert observed("cookies", list(calls)) == [7] and calls[7] >= 1


def test_perf_event(counted):
    seen = counted("onSample")
    seen.program.attach_perf_event("page-faults", pid=0, cookie=9)
    with mmap.mmap(-1, 1 << 22) as pages:  # what malloc gives may have been there before
        pages[::4096] = b"x" * (len(pages) // 4096)
    assert observed("cookies", list(seen.calls())) == [9]


def test_two_functions_by_one_program(counted):
    seen = counted("onFunction")
    seen.program.attach_uprobe("libc.so.6", symbol="labs", cookie=1)
    seen.program.attach_uprobe("libc.so.6", symbol="llabs", cookie=2)
    for function, times in ((LIBC.labs, 3), (LIBC.llabs, 2)):
        for _ in range(times):
            function(1)
    calls = seen.calls()
    assert observed("cookies of two functions", sorted(calls)) == [1, 2] and sum(calls.values()) in (
        5,
        10,
    )  # 10 where the C library has one function by both names
    assert calls[1] >= 3 and calls[2] >= 2


def test_returns_of_a_function(counted):
    seen = counted("onFunction")
    with pytest.raises(tinybpf.BpfError, match=r"attach_uprobe_multi\(…\) attaches it"):
        counted("onFunctions").program.attach_uprobe("libc.so.6", symbol="labs")
    seen.program.attach_uretprobe("libc.so.6", symbol="labs", cookie=3)
    LIBC.labs(1)
    assert seen.calls() == {3: 1}


def test_kprobe(counted):
    skip_without("kprobe")
    seen = counted("onKernel")
    seen.program.attach_kprobe("do_nanosleep", cookie=4)
    seen.program.attach_kretprobe("do_nanosleep", cookie=5)
    time.sleep(0.001)
    assert observed("calls by cookie", seen.calls()) == {4: 1, 5: 1}


def test_ksyscall(counted):
    skip_without("kprobe")
    seen = counted("onKernel")
    link = seen.program.attach_ksyscall("getppid", cookie=6)
    os.getppid()
    assert observed("calls by cookie", seen.calls()) == {6: 1} and link.target == "ksyscall:getppid"


def test_fentry(counted, fallocate):
    skip_without("fentry")
    seen = counted("onFentry")
    seen.program.attach_trace(cookie=8)
    fallocate(1, 0, 1)
    assert observed("calls by cookie", seen.calls()) == {8: 1}


@pytest.mark.parametrize(
    ("cookie", "error", "words"),
    [
        ("1", TypeError, "cookie must be a number, not str"),
        (True, TypeError, "cookie must be a number, not bool"),
        (-1, ValueError, "cookie must fit 64 bits, without a sign: -1"),
        (1 << 64, ValueError, "cookie must fit 64 bits"),
    ],
)
def test_what_is_no_cookie(counted, cookie, error: type, words: str):
    with pytest.raises(error, match=words):
        counted("onTracepoint").program.attach_tracepoint("syscalls", "sys_enter_getppid", cookie=cookie)
    with pytest.raises(error, match=words):
        counted("onFunction").program.attach_uprobe("libc.so.6", symbol="labs", cookie=cookie)


def test_a_kernel_without(counted, monkeypatch: pytest.MonkeyPatch):
    program = counted("onRaw").program
    monkeypatch.setattr(system, "kernel_version", lambda: (5, 10))
    with pytest.raises(tinybpf.UnsupportedError, match=r"Linux 6\.10 brought cookies of raw tracepoints"):
        program.attach_raw_tracepoint("sys_enter", cookie=1)
