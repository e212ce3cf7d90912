"""``//bpf:panics lines``: each panic is counted at its line of Go, wherever it happens."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

import pytest

import tinybpf
from tinybpf import BpfObject, PanicLine
from tinybpf.compiler import compile_go

PANICKED = -14 & 0xFFFFFFFF
SOURCE = """//bpf:panics lines

package bpf

import "tinybpf/ebpf"

type args struct {
	N, Kind uint64
	S       int64
}
type event struct{ N uint64 }

var m = ebpf.Hash[uint64, ebpf.Histogram]{MaxEntries: 16}
var events = ebpf.RingBuf[event]{MaxEntries: 4096}
var table [8]uint64

//go:noinline
func deep(n uint64) uint64 {
	return table[n] // in deep
}

//go:noinline
func middle(n uint64, s int64) (uint32, uint64) {
	t := uint64(0)
	for i := uint64(0); i < 4; i++ {
		t += deep(n + i)
	}
	return 7, t + 1<<s // in middle
}

//go:noinline
func outer(n uint64, s int64) bool {
	x, y := middle(n, s)
	return uint64(x) > y
}

func inlined(n uint64) uint64 {
	return table[n] // inlined
}

func at[T uint8 | uint16](n T) uint64 {
	return table[n] // in at
}

func fallsThrough(n uint64) uint64 {
	if n == 3 {
		panic("three is no \\"number\\"") // message
	}
	if n == 4 {
		panic(4) // number
	}
	return n
}

//bpf:section syscall
func all(ctx *args) int32 {
	n := ctx.N
	switch ctx.Kind {
	case 0:
		return int32(inlined(n))
	case 1:
		if outer(n, ctx.S) {
			return 1
		}
		return 2
	case 2:
		return int32(100 / n) // divided
	case 3:
		m.Lookup(n).Add(1) // provided
	case 4:
		return int32(len(table[n:])) // sliced
	case 5:
		return int32(fallsThrough(n))
	case 6:
		ebpf.Loop(4, func(i uint32) bool {
			ebpf.Loop(4, func(j uint32) bool {
				table[uint64(i)+uint64(j)+n]++ // in both callbacks
				return true
			})
			return true
		})
	case 7:
		s := table[:n&7]
		return int32((*[4]uint64)(s)[1]) // converted
	case 8:
		return int32(at(uint8(n)) + at(uint16(n)))
	case 9:
		return int32(at(uint16(n)))
	}
	return 0
}

//bpf:section syscall
func holds(ctx *args) int32 {
	e := events.Reserve()
	if e == nil {
		return 1
	}
	e.N = table[ctx.N] // held
	e.N += table[deep(ctx.N)+uint64(len(table))-ctx.Kind] // held too
	events.Submit(e)
	return 0
}
"""
LINES = {text.partition(" // ")[2]: n for n, text in enumerate(SOURCE.splitlines(), 1) if " // " in text}
INDEX = "index out of range"


@pytest.fixture
def obj() -> Iterator[BpfObject]:
    with tinybpf.load_go(SOURCE, name="bpf/lines.go") as loaded:
        yield loaded


def run(obj: BpfObject, kind: int, n: int, s: int = 0, program: str = "all") -> int:
    return obj.program(program).test_run(ctx=struct.pack("<QQq", n, kind, s)).retval


CASES = [
    (0, 8, 0, "inlined", "inlined", INDEX),
    (1, 8, 0, "in deep", "deep", INDEX),
    (1, 5, 0, "in deep", "deep", INDEX),  # in the last turn of the caller's loop
    (1, 4, -1, "in middle", "middle", "negative shift amount"),
    (2, 0, 0, "divided", "all", "integer divide by zero"),
    (3, 9, 0, "provided", "all", "nil pointer dereference"),
    (4, 9, 0, "sliced", "all", "slice bounds out of range"),
    (5, 3, 0, "message", "fallsThrough", 'panic: three is no "number"'),
    (5, 4, 0, "number", "fallsThrough", "panic: 4"),
    (6, 2, 0, "in both callbacks", "all$1$1", INDEX),
    (7, 3, 0, "converted", "all", "slice is shorter than the array"),
    (8, 255, 0, "in at", "at[uint8]", INDEX),
    (9, 255, 0, "in at", "at[uint16]", INDEX),
]


@pytest.mark.kernel
@pytest.mark.parametrize(("kind", "n", "s", "where", "function", "reason"), CASES)
def test_each_kind_of_panic_is_counted_at_its_line(
    obj: BpfObject, kind: int, n: int, s: int, where: str, function: str, reason: str
) -> None:
    assert {line.count for line in obj.panic_lines} == {0}
    for times in (1, 2):
        assert run(obj, kind, n, s) == PANICKED
        assert obj.panics == times
        counted = [line for line in obj.panic_lines if line.count]
        assert counted == [PanicLine(obj.panic_lines[0].file, LINES[where], function, reason, times)]


@pytest.mark.kernel
def test_what_does_not_panic_is_not_counted(obj: BpfObject) -> None:
    obj.map("m")[1] = bytes(512)
    good = [(0, 7), (1, 4), (2, 1), (3, 1), (4, 8), (5, 5), (6, 1), (7, 4), (8, 7), (9, 0)]
    assert [run(obj, kind, n) for kind, n in good] == [0, 1, 100, 0, 0, 5, 0, 1, 2, 0]
    assert obj.panics == 0
    assert {line.count for line in obj.panic_lines} == {0}


@pytest.mark.kernel
def test_what_is_held_is_released(obj: BpfObject) -> None:
    for _ in range(100):  # more than the buffer has room for
        assert run(obj, 1, 8, program="holds") == PANICKED
        assert run(obj, 0, 1, program="holds") == PANICKED
    assert run(obj, 1, 1, program="holds") == 0
    counts = {line.line: line.count for line in obj.panic_lines if line.count}
    assert counts == {LINES["held"]: 100, LINES["held too"]: 100}
    assert len(list(obj.ring_buffer("events", timeout=0.05))) == 1


@pytest.mark.kernel
def test_the_places_are_in_the_order_of_the_source(obj: BpfObject) -> None:
    places = [line.line for line in obj.panic_lines]
    assert places == sorted(places) and set(places) >= set(LINES.values())
    assert str(obj.panic_lines[0]) == f"{obj.panic_lines[0].file}:{LINES['in deep']}: {INDEX} in deep"


ESTABLISHED = """//go:build tinygo

// Package main says what it does.
//
//bpf:panics lines
package main

import "unsafe"

var table [8]uint32

//export t
//bpf:section syscall
func t(ctx unsafe.Pointer) int32 {
	return int32(table[*(*uint32)(ctx)])
}
"""


@pytest.mark.kernel
def test_the_established_dialect_counts_too() -> None:
    with tinybpf.load_go(ESTABLISHED) as obj:
        assert obj.program("t").test_run(ctx=struct.pack("<I", 7)).retval == 0
        assert obj.program("t").test_run(ctx=struct.pack("<I", 8)).retval == PANICKED
        assert [(line.line, line.count) for line in obj.panic_lines] == [(15, 1)]
        assert obj.panics == 1


@pytest.mark.kernel
def test_a_package_of_the_module(tmp_path: Path) -> None:
    files = {
        "go.mod": "module m\n\ngo 1.24\n",
        "limits/limits.go": "package limits\n\nvar Table [4]uint32\n\n"
        "type T struct{ Of *[4]uint32 }\n\n"
        "func At(n uint32) uint32 {\n\treturn Table[n]\n}\n\n"
        "//go:noinline\nfunc (t T) At(n uint32) uint32 {\n\treturn t.Of[n]\n}\n",
        "bpf/main.go": '//bpf:panics lines\n\npackage main\n\nimport (\n\t"m/limits"\n\t"unsafe"\n)\n\n'
        "type wrapped struct{ limits.T }\n\n"
        "//export t\n//bpf:section syscall\nfunc t(ctx unsafe.Pointer) int32 {\n"
        "\tn := *(*uint32)(ctx)\n\tif n&1 == 1 {\n\t\treturn int32(limits.At(n))\n\t}\n"
        "\tw := wrapped{limits.T{&limits.Table}}\n\treturn int32(w.At(n))\n}\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    with tinybpf.load_go(tmp_path / "bpf") as obj:
        for n in (1, 2, 5, 7, 8):
            obj.program("t").test_run(ctx=struct.pack("<I", n))
        counted = [x for x in obj.panic_lines if x.count]
        found = [(Path(x.file).name, x.line, x.function, x.reason, x.count) for x in counted]
    assert found == [
        ("limits.go", 8, "limits.At", INDEX, 2),
        ("limits.go", 13, "limits.T.At", INDEX, 1),
    ]


PROVIDED = """//bpf:panics lines

package main

import (
	"encoding/binary"
	"unsafe"
)

type args struct{ N, Kind uint64 }

var data [8]byte

//export t
//bpf:section syscall
func t(ctx unsafe.Pointer) int32 {
	a := (*args)(ctx)
	n := a.N
	switch a.Kind {
	case 0:
		return int32(binary.BigEndian.Uint32(data[n:])) // cut, read
	case 1:
		return int32(len(append(data[:2:4], data[:n]...))) // append
	case 2:
		s := string(data[:])[n:]
		return int32(len(s)) + int32(s[0]) // byte
	}
	return 0
}
"""


@pytest.mark.kernel
@pytest.mark.parametrize(
    ("kind", "n", "where", "reason"),
    [
        (0, 5, "cut, read", INDEX),
        (0, 9, "cut, read", "slice bounds out of range"),
        (1, 3, "append", "append past the capacity"),
        (2, 8, "byte", INDEX),
    ],
)
def test_what_the_compiler_provides_panics_where_it_is_used(
    kind: int, n: int, where: str, reason: str
) -> None:
    at = 1 + next(i for i, text in enumerate(PROVIDED.splitlines()) if text.endswith(f"// {where}"))
    with tinybpf.load_go(PROVIDED) as obj:
        assert obj.program("t").test_run(ctx=struct.pack("<QQ", n, kind)).retval == PANICKED
        counted = [(x.line, x.function, x.reason, x.count) for x in obj.panic_lines if x.count]
        assert counted == [(at, "t", reason, 1)] and obj.panics == 1


DEFERRED = """//bpf:panics lines

package bpf

type args struct{ N, M uint64 }

var table [8]uint64
var after uint64

//go:noinline
func inner(n uint64) uint64 {
	defer func() { after++ }()
	return table[n] // first
}

//bpf:section syscall
func t(ctx *args) int32 {
	defer func() {
		after += 10 + table[ctx.M] // second
	}()
	return int32(inner(ctx.N))
}

func apply(f func(n uint64) uint64, n uint64) uint64 { return f(n) }

//bpf:section syscall
func u(ctx *args) int32 {
	k := ctx.M
	return int32(apply(func(n uint64) uint64 { return table[n+k] }, ctx.N)) // third
}
"""


@pytest.mark.kernel
def test_deferred_calls_and_function_values() -> None:
    """Deferred calls run on; one that panics in its turn is counted where it does, the program once."""
    at = [n for n, text in enumerate(DEFERRED.splitlines(), 1) if " // " in text]
    with tinybpf.load_go(DEFERRED) as obj:
        calls = [("t", 1, 1), ("t", 8, 1), ("t", 8, 9), ("t", 1, 9), ("u", 5, 5), ("u", 1, 1)]
        panicked = [obj.program(p).test_run(ctx=struct.pack("<QQ", n, m)).retval for p, n, m in calls]
        assert panicked == [0, PANICKED, PANICKED, PANICKED, PANICKED, 0]
        assert [(x.line, x.function, x.count) for x in obj.panic_lines if x.count] == [
            (at[0], "inner", 2), (at[1], "t$1", 2), (at[2], "u$1", 1),
        ]  # fmt: skip
        assert obj.panics == 4


def test_without_the_directive_nothing_of_it_is_in_the_object() -> None:
    plain = SOURCE.replace("//bpf:panics lines", "")
    assert b"ebpf_panics_" not in bytes(compile_go(plain)) and b"panic:{" not in bytes(compile_go(plain))
    assert b"ebpf_panics_" in bytes(compile_go(SOURCE))


def test_places_that_cannot_panic_are_not_in_the_object() -> None:
    source = (
        "//bpf:panics lines\n\npackage bpf\n\nvar table [8]uint32\n\n"
        "//bpf:section xdp\nfunc t(ctx *[24]byte) int32 {\n\ti := uint32(ctx[0]) & 7\n"
        "\tif i > 8 {\n\t\tpanic(1)\n\t}\n\treturn int32(table[3])\n}\n"
    )
    assert b"ebpf_panics" not in bytes(compile_go(source))


@pytest.mark.kernel
def test_a_name_that_the_source_has_taken() -> None:
    taken = "var ebpf_panics_source_16 uint32 = 5\n"
    with tinybpf.load_go(ESTABLISHED.replace("var table", taken + "var table")) as obj:
        assert obj.program("t").test_run(ctx=struct.pack("<I", 8)).retval == PANICKED
        assert obj.globals["ebpf_panics_source_16"] == 5
        assert obj.globals["ebpf_panics_source_16_2"] == 1
        assert [(line.line, line.count) for line in obj.panic_lines] == [(16, 1)]


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (ESTABLISHED + "\nvar ebpf_panics uint64\n", "the compiler counts panics in a variable ebpf_panics"),
        (SOURCE + "\nvar ebpf_lost_events uint64\n", "the compiler counts lost events in a variable"),
    ],
)
def test_a_variable_named_like_a_counter(source: str, said: str) -> None:
    with pytest.raises(tinybpf.CompileError) as caught:
        compile_go(source)
    assert len(caught.value.diagnostics) == 1 and said in str(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("//bpf:panics lines", "//bpf:panics", "//bpf:panics: what to count is missing"),
        ("//bpf:panics lines", "//bpf:panics line", "//bpf:panics line: what to count is missing"),
        ("//bpf:panics lines", "//bpf:panic lines", "unknown directive //bpf:panic"),
        ("//bpf:section syscall", "//bpf:section syscall\n//bpf:panics lines", "not for a function"),
    ],
)
def test_a_directive_that_is_wrong(old: str, new: str, said: str) -> None:
    with pytest.raises(tinybpf.CompileError) as caught:
        compile_go(ESTABLISHED.replace(old, new))
    assert len(caught.value.diagnostics) == 1 and said in str(caught.value)
