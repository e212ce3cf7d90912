"""The stack of a whole call chain, from the emitted instructions."""

from __future__ import annotations

import pytest

import tinybpf
from tinybpf.compiler import compile_go
from tinybpf.compiler.elf import read
from tinybpf.compiler.frames import deepest
from tinybpf.errors import CompileError, VerifierError

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
    found = {c.largest.names[0]: c.largest for c in deepest(read(compile_go(source, cpu=cpu).elf))}
    assert found["nothing"].frames == (("nothing", 0),)
    assert [name for name, _ in found["long"].frames] == ["long", "middle", "leaf"]
    assert [name for name, _ in found["short"].frames] == ["short", "leaf"]
    for name, least in (("leaf", 96 + 4), ("middle", 64 + 4)):
        size = dict(found["long"].frames)[name]
        assert least <= size <= least + 32 and size % 8 == 0
    assert found["long"].size == sum((size + 15) // 16 * 16 for _, size in found["long"].frames)


def test_the_deeper_of_two_calls_counts() -> None:
    source = HEAD + program("both", "return leaf(1) + middle(2) + leaf(3)")
    found = next(c.largest for c in deepest(read(compile_go(source).elf)) if c.largest.names[0] == "both")
    assert found.names == ["both", "middle", "leaf"]


LAST = """
//go:noinline
func {name}(n uint32) int32 {{
	var value [{size}]byte
	update(unsafe.Pointer(&m), unsafe.Pointer(&n), unsafe.Pointer(&value), 0)
	return {below}int32(value[n%{size}])
}}
"""


def of_sizes(sizes: list[int]) -> str:
    """A program for XDP, which has no stack of its own for each function, that calls through functions of
    these sizes."""
    text = HEAD.replace("ValueSize: 64", "ValueSize: 8")
    for n, size in enumerate(sizes):
        below = f"f{n + 1}(n) + " if n + 1 < len(sizes) else ""
        text += LAST.format(name=f"f{n}", size=size, below=below)
    return text + "\n//export p\n//bpf:section xdp\nfunc p(ctx unsafe.Pointer) int32 { return f0(1)&1 + 1 }\n"


@pytest.fixture(scope="module")
def counts_in_16s() -> None:
    """Old kernels count each frame in multiples of 32 bytes, whatever the JIT takes."""
    compiled = compile_go(of_sizes([40, 40, 40, 40, 40, 40, 170]))
    try:
        tinybpf.load(compiled).close()
    except VerifierError as error:
        assert "stack" in str(error)
        pytest.skip("this kernel counts the stack in multiples of 32 bytes")


@pytest.mark.kernel
@pytest.mark.usefixtures("compiles_here", "counts_in_16s")
@pytest.mark.parametrize(
    "sizes", [[8 * n, 200] for n in range(32, 38)] + [[100, 8 * n, 40] for n in range(35, 42)]
)
def test_what_is_let_through_is_what_the_kernel_takes(sizes: list[int]) -> None:
    """Each frame counts in multiples of 16 bytes, to the byte as the kernel does it."""
    try:
        compiled = compile_go(of_sizes(sizes))
    except CompileError as error:
        assert "(p 0 + f0 " in str(error) and "the kernel has 512" in str(error)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("tinybpf.compiler.lower.refuse.STACK", 1 << 20)
            compiled = compile_go(of_sizes(sizes))
        with pytest.raises(VerifierError, match="stack"):
            tinybpf.load(compiled)
        return
    tinybpf.load(compiled).close()


@pytest.mark.kernel
def test_the_most_functions_at_once() -> None:
    compiled = compile_go(of_sizes([8] * 7))
    chains = next(c for c in deepest(read(compiled.elf)) if c.largest.names[0] == "p")
    assert len(chains.longest.frames) == 8
    tinybpf.load(compiled).close()
    with pytest.raises(CompileError) as caught:
        compile_go(of_sizes([8] * 8))
    path = " calls ".join(["p", *(f"f{n}" for n in range(8))])
    assert f"9 functions are active at once ({path}); the kernel allows 8" in str(caught.value)


def test_the_longest_chain_need_not_be_the_one_that_takes_the_most() -> None:
    source = of_sizes([8] * 7).replace("f0(1)", "f0(1) + big(2)") + LAST.format(
        name="big", size=300, below=""
    )
    chains = next(c for c in deepest(read(compile_go(source).elf)) if c.largest.names[0] == "p")
    assert chains.largest.names == ["p", "big"] and len(chains.longest.frames) == 8


def test_what_older_kernels_count_is_a_warning() -> None:
    sizes = [40, 40, 40, 40, 40, 40, 170]  # 48 each and 176 in multiples of 16, 64 and 192 in those of 32
    (warning,) = compile_go(of_sizes(sizes)).warnings
    assert warning.severity == "warning" and "608 bytes of stack" in warning.message


def test_all_programs_that_take_too_much_are_told() -> None:
    source = of_sizes([300, 300]) + program("q", "return f1(2) + f0(3)")
    with pytest.raises(CompileError) as caught:
        compile_go(source)
    assert sorted(d.message.split()[1] for d in caught.value.diagnostics) == ["p", "q"]
