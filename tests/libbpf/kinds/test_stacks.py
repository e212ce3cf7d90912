"""Stack traces, and the kernel's names for their addresses."""

from __future__ import annotations

import os

import pytest
from observing import observed

import tinybpf
from tinybpf import create_map
from tinybpf.libbpf.kinds.kallsyms import name_of

pytestmark = pytest.mark.kernel


def test_names_of_addresses():
    with open("/proc/kallsyms") as lines:
        known = {line.split()[2]: int(line.split()[0], 16) for line in lines}
    assert name_of(5) == "0x5"
    assert known["schedule"], "the kernel tells root"
    assert name_of(known["schedule"]) == "schedule"
    assert name_of(known["schedule"] + 4) == "schedule+0x4"


GO = """package main

import "unsafe"

type bpfMapDef struct{ Type, KeySize, ValueSize, MaxEntries, MapFlags uint32 }

var stacks = bpfMapDef{Type: 7, KeySize: 4, ValueSize: 127 * 8, MaxEntries: 64}

//go:extern bpf_get_stackid
func bpfGetStackid(ctx unsafe.Pointer, stacks *bpfMapDef, flags uint64) int64

//go:extern bpf_get_current_pid_tgid
func bpfGetCurrentPidTgid() uint64

var target uint32
var last int64

//bpf:section raw_tp/sys_enter
//export onCall
func onCall(ctx unsafe.Pointer) int32 {
	if uint32(bpfGetCurrentPidTgid()>>32) == target {
		last = bpfGetStackid(ctx, &stacks, 0)
	}
	return 0
}
"""


def test_the_stack_of_a_program(me: int):
    with tinybpf.load_go(GO, variables={"target": me}) as obj:
        with obj.program("onCall").attach():
            os.getppid()
        number, stacks = obj.globals["last"], obj.map("stacks")
        functions = {name.partition("+")[0] for name in stacks.symbols(number)}
        assert len(stacks[number]) >= len(functions) > 2
        assert observed("do_syscall_64 is among the functions", "do_syscall_64" in functions)


def test_they_cannot_be_written():
    with create_map("stack_trace", max_entries=4) as traces:
        assert list(traces) == [] and traces.get(0) is None
        with pytest.raises(TypeError, match="written by programs only"):
            traces[0] = [1, 2]
        with pytest.raises(KeyError):
            traces.symbols(3)
    plain = create_map("hash", key="u32", value="u32", max_entries=4)
    with pytest.raises(tinybpf.BpfError, match="expected STACK_TRACE"):
        plain.symbols(1)
