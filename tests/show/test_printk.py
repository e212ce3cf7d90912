from __future__ import annotations

import os
import struct
import threading

import pytest

from tinybpf.show.printk import Printed, prints


def test_prints(build):
    from pathlib import Path

    from tinybpf.compiler import compile_go

    programs = Path(__file__).parent.parent / "cli" / "programs"
    section = "tracepoint/syscalls/sys_enter_getpgid"
    assert prints(bytes(compile_go(programs / "prints.go")), [section])
    assert not prints(bytes(compile_go(programs / "calls")), [section])
    assert not prints(build("maps"), ["no such section"])


def instruction(code: int, registers: int, immediate: int) -> bytes:
    return struct.pack("=BBhi", code, registers, 0, immediate)


def test_only_calls_of_helpers_count():
    from tinybpf.show.printk import _calls

    assert _calls(instruction(0x85, 0, 6))
    assert _calls(instruction(0x85, 0, 177))
    assert not _calls(instruction(0x85, 0, 5))
    assert not _calls(instruction(0x85, 0x10, 6))  # a subprogram
    assert not _calls(instruction(0xB7, 0, 6) + b"\x85" * 8)
    assert not _calls(b"")


@pytest.mark.kernel
def test_reading_does_not_wait():
    with Printed() as printed:
        assert printed.read() == []
        assert printed.lost == 0


def test_threads_of_a_process(monkeypatch):
    printed = Printed.__new__(Printed)
    printed._pid, printed._threads = os.getpid(), {}
    assert printed._is_wanted(os.getpid())
    assert not printed._is_wanted(1 << 30)
    started, go_on = threading.Event(), threading.Event()
    thread = threading.Thread(target=lambda: (started.set(), go_on.wait()))
    thread.start()
    started.wait()
    assert thread.native_id is not None and printed._is_wanted(thread.native_id)
    go_on.set()
    thread.join()
