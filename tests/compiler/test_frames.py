"""The stack of a whole call chain, from the emitted instructions."""

from __future__ import annotations

import pytest

from tinybpf.compiler import compile_go
from tinybpf.compiler.elf import read
from tinybpf.compiler.frames import deepest

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
