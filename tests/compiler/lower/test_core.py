"""CO-RE: the kernel's own values, wherever the running kernel keeps them."""

from __future__ import annotations

import os

import old_kernels
import pytest

import tinybpf
from tinybpf.compiler import compile_go
from tinybpf.compiler.lower.core import kernel_field, kernel_name, snake_case
from tinybpf.compiler.ssa import Field, Named, Struct

SOURCE = """
package main

import "unsafe"

type bpfCoreTaskStruct struct {
	Comm    [16]byte // an order that no kernel has
	Process int32 `bpf:"tgid"`
	Pid     int32
}

type out struct {
	Copied, Direct int32
	Comm           [16]byte
}

type bpfMapDef struct{ Type, KeySize, ValueSize, MaxEntries, MapFlags uint32 }

var ring = bpfMapDef{Type: 27, MaxEntries: 4096}
var target int32

//go:extern bpf_get_current_task_btf
func currentTask() unsafe.Pointer

//go:extern bpf_probe_read_kernel
func bpfProbeReadKernel(dst unsafe.Pointer, size uint32, src unsafe.Pointer) int64

//go:extern bpf_ringbuf_output
func output(ring, data unsafe.Pointer, size, flags uint64) int64

//bpf:section raw_tp/sys_enter
//export prog
func prog(ctx unsafe.Pointer) int32 {
	task := currentTask()
	var core bpfCoreTaskStruct
	if bpfProbeReadKernel(unsafe.Pointer(&core), uint32(unsafe.Sizeof(core)), task) != 0 {
		return 0
	}
	e := out{Copied: core.Process, Direct: (*bpfCoreTaskStruct)(task).Process, Comm: core.Comm}
	output(unsafe.Pointer(&ring), unsafe.Pointer(&e), uint64(unsafe.Sizeof(e)), 0)
	return 0
}
"""


def test_names_of_the_kernel() -> None:
    assert snake_case("LoginUid") == "login_uid"
    assert snake_case("TCPSock") == "tcp_sock"
    named = Named("main.bpfCoreSkBuff", 8, 8, "bpfCoreSkBuff", "main", 0)
    assert kernel_name([Struct("struct{}", 0, 1)], named) == "sk_buff"
    tag = 'bpf:"task_struct"'
    marked = Struct("struct{_ ebpf.KernelStruct}", 0, 1, [Field("_", 1, 0, tag=tag)])
    marker = Named("ebpf.KernelStruct", 0, 1, "KernelStruct", "ebpf", 2, path="tinybpf/ebpf")
    assert kernel_name([marked, marker], Named("task", 8, 8, "task", "main", 0)) == "task_struct"
    assert kernel_field(Field("LoginUid", 0, 0)) == "login_uid"
    assert kernel_field(Field("LoginUid", 0, 0, tag='json:"x" bpf:"loginuid"')) == "loginuid"


def test_two_compiles_of_one_program_are_the_same() -> None:
    first, second = compile_go(SOURCE), compile_go(SOURCE)
    assert first.elf == second.elf
    assert b"task_struct\0" in first.elf


@pytest.mark.kernel
def test_fields_of_the_running_kernel() -> None:
    with tinybpf.load_go(SOURCE) as obj:
        obj.program("prog").attach()
        os.getppid()
        mine = [e for e in obj.ring_buffer("ring", timeout=0.5) if e.Copied == os.getpid()]
    assert mine, "no event of this process"
    with open("/proc/self/comm") as file:
        comm = file.read().strip()
    assert all(e.Direct == os.getpid() and e.Comm.rstrip(b"\0").decode() == comm for e in mine)


@pytest.mark.kernel
def test_a_field_that_the_kernel_does_not_have_is_an_error_at_its_line() -> None:
    missing = SOURCE.replace("Pid     int32", "NoSuchField int32")
    with pytest.raises(tinybpf.VerifierError) as caught:
        tinybpf.load_go(missing)
    if lacking := old_kernels.lacking(caught.value):
        pytest.skip(lacking)
    assert "task_struct.no_such_field" in str(caught.value)
    assert caught.value.source is not None
    assert "bpfProbeReadKernel(" in caught.value.source.text


def test_a_struct_is_copied_as_a_whole() -> None:
    part = SOURCE.replace("uint32(unsafe.Sizeof(core))", "8")
    with pytest.raises(tinybpf.CompileError, match=r"size must be unsafe\.Sizeof of bpfCoreTaskStruct"):
        compile_go(part)


def test_a_pointer_to_either_is_refused() -> None:
    either = """
	p := &core
	if core.Pid > 3 {
		p = (*bpfCoreTaskStruct)(task)
	}
	target = p.Pid
	e := out"""
    with pytest.raises(tinybpf.CompileError, match="may lead to the kernel's struct or to"):
        compile_go(SOURCE.replace("\te := out", either))
