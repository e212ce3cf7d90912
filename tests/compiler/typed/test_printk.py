"""What ``ebpf.Printk`` prints in the kernel, verb by verb; tracepoints by the function's name."""

from __future__ import annotations

import os
import struct
from collections.abc import Callable

import pytest

import tinybpf
from tinybpf import BpfObject

pytestmark = pytest.mark.kernel

Load = Callable[..., BpfObject]

SOURCE = """
type args struct{ N uint64 }

var name = [8]byte{'k', 'e', 'r', 'n', 'e', 'l'}

//bpf:section syscall
func prog(ctx *args) int32 {
	small, big, letter := int8(-5), ctx.N, uint32('x')
	yes := ctx.N > 1
	local := name
	switch ctx.N {
	case 1:
		ebpf.Printk("plain %% text")
	case 2:
		ebpf.Printk("%d %d %v", small, uint16(65535), int64(-1)<<40)
	case 3:
		ebpf.Printk("%x %X %08x", 48879, uint8(171), uint32(255))
	case 4:
		ebpf.Printk("%c %t %v", letter, yes, !yes)
	case 5:
		ebpf.Printk("%s %s %v", local, &name, ebpf.IPv4Of(192, 0, 2, 1))
	case 6:
		ebpf.Printk("%d %d %d %d %s %d", 1, 2, 3, uint64(1)<<63, local, small)
	case 7:
		ebpf.Printk("%v", ebpf.IPv6Of(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1))
	case 8:
		text := [2][4]byte{{'a', 'b', 'c', 'd'}, {'e', 'f', 'g', 'h'}}
		text[0][3] += byte(ctx.N - 8)
		ebpf.Printk("%s|%s", text[0], text[1])
	default:
		ebpf.Printk("%5d|%-5d|%05d", big, big, big)
	}
	return 0
}
"""
LINES = {
    1: "plain % text",
    2: f"-5 65535 {-(1 << 40)}",
    3: "beef AB 000000ff",
    4: "x true false",
    5: "kernel kernel 192.0.2.1",
    6: f"1 2 3 {1 << 63} kernel -5",
    7: "2001:0db8:0000:0000:0000:0000:0000:0001",
    8: "abcd|efgh",
    42: "   42|42   |00042",
}


def test_verbs(load: Load) -> None:
    obj = load(SOURCE)
    with tinybpf.trace_pipe(timeout=5) as lines:
        for n, wanted in LINES.items():
            obj.program("prog").test_run(ctx=struct.pack("Q", n))
            said = (record.text.rstrip("\n") for record in lines)
            assert next(text for text in said if text in LINES.values()) == wanted


HELLO = """package main

import "tinybpf/ebpf"

func Syscalls_SysEnterWrite(ctx ebpf.Context) int {
	pid := ebpf.GetCurrentPidTgid() >> 32
	if pid != 0 {
		ebpf.Printk("BPF triggered sys_enter_write from PID %d.\\n", pid)
	}
	return 0
}
"""


def test_a_tracepoint_by_the_name_of_the_function() -> None:
    with tinybpf.load_go(HELLO) as obj, tinybpf.trace_pipe(timeout=5) as lines:
        program = obj.program("Syscalls_SysEnterWrite")
        assert program.section == "tracepoint/syscalls/sys_enter_write"
        program.attach()
        with open(os.devnull, "wb", buffering=0) as sink:
            sink.write(b"x")
        me = next(r for r in lines if r.text.startswith("BPF triggered"))
    assert me.text.strip() == f"BPF triggered sys_enter_write from PID {os.getpid()}."
