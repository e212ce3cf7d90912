"""The verifier's words stand at the user's own lines, also where a method of the package is inlined."""

from __future__ import annotations

from pathlib import Path

import pytest

import tinybpf

pytestmark = pytest.mark.kernel

SOURCE = """package bpf

import "tinybpf/ebpf"

type Event struct{ A uint64 }

var events = ebpf.RingBuf[Event]{MaxEntries: 4096}

//bpf:section tracepoint/syscalls/sys_enter_getpgid
func leaks(ctx *ebpf.SysEnter) int32 {
	e := events.Reserve()
	if e == nil {
		return 0
	}
	e.A = 1
	return 0
}
"""


def test_the_call_of_a_method(tmp_path: Path) -> None:
    path = tmp_path / "leaks.go"
    path.write_text(SOURCE)
    with pytest.raises(tinybpf.VerifierError) as caught:
        tinybpf.load_go(path)
    source = caught.value.source
    assert source is not None and (source.path, source.line) == (str(path), 11)
    assert caught.value.variable == "e"
    assert "tinybpf/ebpf" not in caught.value.log
