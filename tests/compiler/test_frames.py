"""The stack of a whole call chain, from the emitted instructions."""

from __future__ import annotations

from pathlib import Path

import pytest

from tinybpf.compiler import compile_go
from tinybpf.compiler.elf import read
from tinybpf.compiler.frames import Chain, deepest

HEAD = """package main

import "unsafe"

type bpfMapDef struct{ Type, KeySize, ValueSize, MaxEntries uint32 }

var m = bpfMapDef{Type: 1, KeySize: 4, ValueSize: 64, MaxEntries: 1}

//go:extern bpf_map_update_elem
func update(m, key, value unsafe.Pointer, flags uint64) int64

//go:noinline
func leaf(n uint32) int32 {
	var value [96]byte
	update(unsafe.Pointer(&m), unsafe.Pointer(&n), unsafe.Pointer(&value), 0)
	return int32(value[n%96])
}

//go:noinline
func middle(n uint32) int32 {
	var value [64]byte
	update(unsafe.Pointer(&m), unsafe.Pointer(&n), unsafe.Pointer(&value), 0)
	return leaf(n) + int32(value[n%64])
}

//export nothing
//bpf:section syscall
func nothing(ctx unsafe.Pointer) int32 { return 0 }
"""


def program(name: str, body: str) -> str:
    return f"\n//export {name}\n//bpf:section syscall\nfunc {name}(ctx unsafe.Pointer) int32 {{ {body} }}\n"


@pytest.mark.parametrize("cpu", ["v1", "v2", "v3", "v4"])
def test_chains(cpu: str) -> None:
    source = HEAD + program("long", "return middle(1)") + program("short", "return leaf(*(*uint32)(ctx))")
    found = {c.frames[0][0]: c for c in deepest(read(compile_go(source, cpu=cpu).elf))}
    assert found["nothing"].frames == (("nothing", 0),)
    assert [name for name, _ in found["long"].frames] == ["long", "middle", "leaf"]
    assert [name for name, _ in found["short"].frames] == ["short", "leaf"]
    for name, least in (("leaf", 96 + 4), ("middle", 64 + 4)):
        size = dict(found["long"].frames)[name]
        assert least <= size <= least + 32 and size % 8 == 0
    assert found["long"].size == sum(size for _, size in found["long"].frames)


def test_the_deeper_of_two_calls_counts() -> None:
    source = HEAD + program("both", "return leaf(1) + middle(2) + leaf(3)")
    found = next(c for c in deepest(read(compile_go(source).elf)) if c.frames[0][0] == "both")
    assert [name for name, _ in found.frames] == ["both", "middle", "leaf"]


def test_what_the_kernel_rounds_up() -> None:
    """Each function's own count fits, but the kernel counts in steps of 16 bytes."""
    program = Path(__file__).parents[1] / "libbpf" / "refusals" / "stack_frames.go"
    [warning] = compile_go(program).warnings
    assert warning.severity == "warning" and (warning.source or "").startswith("func deep(")
    assert "counts 528 bytes of stack (deep 8 + outer 256 + inner 248, each rounded up)" in warning.message
    assert "a in inner (248 bytes)" in (warning.hint or "")
    chain = Chain((("a", 0), ("b", 1), ("c", 16)))
    assert (chain.size, chain.counted) == (17, 48)
