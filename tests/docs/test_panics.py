"""docs/panics.md: the program it shows blocks after a panic, and panics and losses are counted as it says."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

import tinybpf

ROOT = Path(__file__).resolve().parents[2]
HEAD = 'package bpf\n\nimport "tinybpf/ebpf"\n\n'
BUFFER = """
type record struct{ A [400]byte }

var records = ebpf.RingBuf[record]{MaxEntries: 4096}

//bpf:section tracepoint/syscalls/sys_enter_getpgid
func fill(ctx *ebpf.SysEnter) int32 {
	r := records.Reserve()
	if r == nil {
		return 0
	}
	records.Submit(r)
	return 0
}
"""
CONNECT = """
import os, socket, sys
with open(sys.argv[1] + "/cgroup.procs", "w") as file:
    file.write(str(os.getpid()))
for last in range(16):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        print(s.connect_ex((f"127.0.0.{16 + last}", 9)))
"""


@pytest.fixture
def guard(blocks_of) -> str:
    code, _ = blocks_of((ROOT / "docs" / "panics.md").read_text(), "go")
    return HEAD + code


@pytest.fixture
def by_line(blocks_of) -> str:
    """The guard with the page's head of a file that asks for lines."""
    code, head = blocks_of((ROOT / "docs" / "panics.md").read_text(), "go")
    return head + HEAD.partition("package bpf\n")[2] + code


def connects(cgroup: Path) -> list[int]:
    """What 16 connects from within the cgroup give, to addresses that end in 0 to 15 (modulo 16)."""
    done = subprocess.run(
        [sys.executable, "-c", CONNECT, cgroup], capture_output=True, text=True, check=True, timeout=60
    )
    return [int(line) for line in done.stdout.split()]


@pytest.mark.kernel
@pytest.mark.parametrize(("directive", "after"), [("//bpf:onpanic 0\n", errno.EPERM), ("", 0)])
def test_the_guard_blocks_after_a_panic_and_would_not_without_the_directive(guard, cgroup, directive, after):
    assert "//bpf:onpanic 0\n" in guard
    with tinybpf.load_go(
        guard.replace("//bpf:onpanic 0\n", directive), variables={"allowed": [True] * 4 + [False] * 4}
    ) as obj:
        obj.program("guard").attach_cgroup(cgroup)
        assert obj.panics == 0
        assert connects(cgroup) == [0] * 4 + [errno.EPERM] * 4 + [after] * 8
        assert obj.panics == 8


@pytest.mark.kernel
def test_the_lines_of_the_guard(by_line, cgroup):
    at = 1 + next(n for n, text in enumerate(by_line.splitlines()) if "a panic for half" in text)
    with tinybpf.load_go(by_line, name="guard.go") as obj:
        obj.program("guard").attach_cgroup(cgroup)
        connects(cgroup)
        (line,) = obj.panic_lines
        assert (line.line, line.function, line.reason, line.count) == (at, "guard", "index out of range", 8)
        assert obj.globals[f"ebpf_panics_source_{at}"] == 8


@pytest.mark.kernel
def test_losses_are_counted():
    with tinybpf.load_go(HEAD + BUFFER) as obj:
        obj.program("fill").attach()
        before = obj.lost("records")
        for _ in range(20):
            os.getpgid(0)
        got = len(list(obj.ring_buffer("records", timeout=0.1)))
        assert before == 0 and 0 < got < 20
        assert got + obj.lost("records") >= 20
        assert obj.panics is None


def test_counters_are_there_only_where_there_is_something_to_count(guard):
    names = {"ebpf_panics", "ebpf_lost_records"}
    has = {
        source: {name for name in names if name.encode() in bytes(tinybpf.compiler.compile_go(source))}
        for source in (guard, HEAD + BUFFER)
    }
    assert list(has.values()) == [{"ebpf_panics"}, {"ebpf_lost_records"}]
