from __future__ import annotations

import struct

import pytest

from tinybpf.show.printk import TracePipe, parse, prints
from tinybpf.show.report import Line


@pytest.mark.parametrize(
    ("line", "found"),
    [
        (
            b"            bash-1234    [001] d..31 12345.678901: bpf_trace_printk: hello",
            Line("bash", 1234, 1, 12345.678901, "hello"),
        ),
        (
            b"           <...>-99      [000] ....1   10.000001: bpf_trace_printk: a: b",
            Line("<...>", 99, 0, 10.000001, "a: b"),
        ),
        (
            b"   kworker/0:1-5-77   (     77) [012] d... 5.5: bpf_trace_printk: ",
            Line("kworker/0:1-5", 77, 12, 5.5, ""),
        ),
        (
            b"  Web Content-7 [000] d..31 1.0: bpf_trace_printk: \x1b[2Jx\xff",
            Line("Web Content", 7, 0, 1.0, "\x1b[2Jx\\xff"),
        ),
        (b"  bash-1 [000] d..31 1.0: sched_switch: prev_comm=x", None),
        (b"CPU:0 [LOST 12 EVENTS]", None),
        (b"", None),
    ],
)
def test_lines_of_trace_pipe(line, found):
    assert parse(line) == found


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
def test_trace_pipe_does_not_wait():
    pipe = TracePipe()
    pipe.read()
    pipe.close()
