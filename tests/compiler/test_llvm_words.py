"""LLVM's last words, and what they become."""

from __future__ import annotations

import pytest

from tinybpf.compiler import compile_go
from tinybpf.compiler.llvm_words import explain
from tinybpf.errors import CompileError

STACK = (
    "error: <source>:15:43: in function prog i32 (ptr): Looks like the BPF stack limit is exceeded. "
    "Please move large on stack variables into BPF per-cpu array map.\n\n\n"
)


def test_stack() -> None:
    said = explain(STACK)
    assert said.message == "function prog needs more than the 512 bytes of stack that a BPF program has"
    assert (said.function, said.stack) == ("prog", True)


@pytest.mark.parametrize("name", ["memset", "memcpy", "memmove"])
def test_library_call(name: str) -> None:
    said = explain(
        f"error: x.go:1:2: in function f void (): A call to built-in function '{name}' is not supported."
    )
    assert said.message == f"a value is too large to be copied or zeroed at once (LLVM wants to call {name})"
    assert (said.function, said.stack) == ("f", False)


def test_what_is_not_known_is_passed_on() -> None:
    log = "warning: odd\nfatal error: error in backend: Cannot select\nPLEASE submit a bug report\n"
    assert explain(log).message == "LLVM refuses the program: fatal error: error in backend: Cannot select"
    assert explain("Assertion failed: x\n").message == "LLVM refuses the program: Assertion failed: x"


def test_nothing_said() -> None:
    assert explain("PLEASE submit a bug report\n").message == ""


def test_atomics_of_32_bits_below_v3() -> None:
    source = """package bpf

import (
	"sync/atomic"

	"tinybpf/ebpf"
)

var counts = ebpf.Array[uint32]{MaxEntries: 1}

//bpf:section xdp
func p(ctx *ebpf.XDP) ebpf.XDPAction {
	if n := counts.Lookup(0); n != nil {
		atomic.SwapUint32(n, 1)
	}
	return ebpf.XDPPass
}
"""
    compile_go(source, cpu="v3")
    with pytest.raises(CompileError) as caught:
        compile_go(source, cpu="v2")
    (said,) = caught.value.diagnostics
    assert (said.line, said.message) == (14, "this atomic operation needs cpu v3")


def test_atomic_sums_below_v3() -> None:
    source = """package main

import "sync/atomic"

var n int64

//export p
//bpf:section syscall
func p(ctx *int64) int32 {
	*ctx = atomic.AddInt64(&n, 5)
	return 0
}
"""
    compile_go(source, cpu="v3")
    with pytest.raises(CompileError) as caught:
        compile_go(source, cpu="v2")
    (said,) = caught.value.diagnostics
    assert (said.line, said.message) == (10, "this atomic operation needs cpu v3")
