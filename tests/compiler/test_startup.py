"""Initial values that are computed, by the same rules as in the program."""

from __future__ import annotations

import struct

import pytest

import tinybpf
from tinybpf.compiler import compile_go

PROGRAM = """
//bpf:section syscall
//export prog
func prog(ctx unsafe.Pointer) int32 {
	p := (*struct{ N, Out uint64 })(ctx)
	p.Out = uint64(read(p.N))
	return 0
}
"""
HEAD = 'package main\n\nimport "unsafe"\n'


def values(source: str, count: int) -> list[int]:
    """What ``read(0)`` to ``read(count-1)`` give in the kernel."""
    with tinybpf.load_go(HEAD + source + PROGRAM) as obj:
        program = obj.program("prog")
        runs = [program.test_run(ctx=struct.pack("QQ", n, 0)) for n in range(count)]
    assert {r.retval for r in runs} == {0}
    return [struct.unpack("QQ", r.ctx_out)[1] for r in runs]


def messages(source: str) -> str:
    with pytest.raises(tinybpf.CompileError) as caught:
        compile_go(HEAD + source + PROGRAM)
    return str(caught.value)


@pytest.mark.kernel
def test_a_table_that_a_function_fills() -> None:
    source = """
var table = squares()

func squares() (t [8]uint32) {
	for i := range t {
		t[i] = uint32(i * i)
	}
	return
}

func read(n uint64) uint32 { return table[n&7] }
"""
    assert values(source, 8) == [0, 1, 4, 9, 16, 25, 36, 49]


@pytest.mark.kernel
def test_variables_that_depend_on_each_other_in_any_order() -> None:
    source = """
var sum = first + table[1]
var table = [2]uint32{half(20), half(30)}
var first = uint32(7)

func half(n uint32) uint32 { return n / 2 }

func read(n uint64) uint32 {
	if n == 0 {
		return sum
	}
	return table[n-1]
}
"""
    assert values(source, 3) == [22, 10, 15]


@pytest.mark.kernel
def test_init_functions_run_after_the_variables() -> None:
    source = """
var a = uint64(3)
var b [2]uint64

func init() { b[0] = a * 2 }
func init() { b[1] = b[0] + 1 }

func read(n uint64) uint64 { return b[n&1] }
"""
    assert values(source, 2) == [6, 7]


@pytest.mark.kernel
def test_signed_and_narrow_results_are_those_of_go() -> None:
    source = """
func minus(n int32) int32 { return -n }

var q = minus(7) / 2
var r = minus(7) % 4
var wrapped = uint8(minus(1))
var shifted = minus(8) >> uint(minus(-1))

func read(n uint64) int64 {
	switch n {
	case 0:
		return int64(q)
	case 1:
		return int64(r)
	case 2:
		return int64(wrapped)
	}
	return int64(shifted)
}
"""
    assert values(source, 4) == [-3 % 2**64, -3 % 2**64, 255, -4 % 2**64]


def test_a_panic_while_initialising_is_an_error_at_the_variable() -> None:
    source = """
func zero() uint32 { return 0 }

var broken = 1 / zero()

func read(n uint64) uint32 { return broken }
"""
    assert "<source>:7:16: the initialisation of broken panics: integer divide by zero" in messages(source)


def test_a_helper_cannot_initialise_a_variable() -> None:
    source = """
//go:extern bpf_ktime_get_ns
func now() uint64

var started = now()

func read(n uint64) uint64 { return started }
"""
    text = messages(source)
    assert "now is called to initialise variable started: helpers run in the kernel only" in text


def test_an_address_is_no_initial_value() -> None:
    source = """
var x uint32
var p = &x

func read(n uint64) uint32 { return *p }
"""
    assert "the initial value of p holds an address" in messages(source)


def test_an_initialiser_that_never_ends_is_stopped() -> None:
    source = """
func forever() uint32 {
	for {
	}
}

var never = forever()

func read(n uint64) uint32 { return never }
"""
    with pytest.raises(tinybpf.CompileError, match="the initial value of never cannot be computed"):
        compile_go(HEAD + source + PROGRAM, timeout=1)


def test_code_that_runs_when_compiling_keeps_to_its_variables() -> None:
    source = """
var peeked = peek()

func peek() uint64 { return *(*uint64)(unsafe.Pointer(uintptr(0x400000))) }

func read(n uint64) uint64 { return peeked }
"""
    assert "unsafe.Pointer in code that initialises variables" in messages(source)


def test_a_frame_larger_than_the_stack_is_an_error() -> None:
    source = """
var last = large(3)

func large(n uint64) uint64 {
	var big [1 << 30]byte
	big[n] = 1
	return uint64(big[n+1])
}

func read(n uint64) uint64 { return last }
"""
    assert "local variable big takes 1073741824 bytes of stack; an initialiser has 1048576" in messages(
        source
    )


def test_frames_that_are_too_large_together_are_an_error() -> None:
    calls = "\n".join(
        f"//go:noinline\nfunc f{n}(x uint64) uint64 {{\n\tvar big [1 << 20]byte\n\tbig[x] = 1\n"
        f"\treturn f{n + 1}(x) + uint64(big[x+1])\n}}"
        for n in range(12)
    )
    source = f"""
var last = f0(3)

{calls}
func f12(x uint64) uint64 {{ return x }}

func read(n uint64) uint64 {{ return last }}
"""
    text = messages(source)
    assert "the initial value of last cannot be computed" in text and "signal 11" in text


def test_variables_past_the_limit_are_refused_at_once() -> None:
    text = messages("var a [1 << 25]byte\nvar b [1 << 45]byte\nfunc read(n uint64) byte { return b[n&7] }\n")
    assert "<source>:5:5: variable b takes 35184372088832 bytes" in text


@pytest.mark.kernel
def test_a_large_table_is_computed() -> None:
    source = """
var table = fill()

func fill() (t [1 << 16]byte) {
	for i := range t {
		t[i] = byte(i % 251)
	}
	return
}

func read(n uint64) byte { return table[n*13%65536] }
"""
    assert values(source, 5) == [n * 13 % 251 for n in range(5)]
