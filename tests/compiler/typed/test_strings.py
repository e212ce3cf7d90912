"""Strings in programs of the typed dialect: of map values, captured, printed, in variables."""

from __future__ import annotations

import struct
from collections.abc import Callable

import pytest

import tinybpf
from tinybpf import BpfObject
from tinybpf.compiler import compile_go, elf

pytestmark = pytest.mark.kernel

Load = Callable[..., BpfObject]
CONTEXT = struct.Struct("<3Q")

SOURCE = """
type args struct{ N, At, Out uint64 }

type entry struct {
	Name  [16]byte
	Len   uint32
	Score uint32
}

type kind struct {
	Name  string
	Ports [2]uint16
}

var entries = ebpf.Hash[uint32, entry]{MaxEntries: 16}
var kinds = [...]kind{{"dns", [2]uint16{53, 53}}, {"web", [2]uint16{80, 443}}, {"", [2]uint16{}}}
var names = [...]string{"alpha", "beta", "gamma"}
var chosen string

func (e *entry) text() string { return string(e.Name[:min(e.Len, 16)]) }

func text(b *[16]byte) string {
	for i, c := range b {
		if c == 0 {
			return string(b[:i])
		}
	}
	return string(b[:])
}

//bpf:section syscall
func put(ctx *args) int32 {
	key := uint32(ctx.N)
	e := entry{Score: 1}
	e.Len = uint32(copy(e.Name[:], names[ctx.At]))
	entries.Update(key, e)
	return int32(e.Len)
}

//bpf:section syscall
func find(ctx *args) int32 {
	key := uint32(ctx.N)
	e := entries.Lookup(key)
	if e == nil {
		return -1
	}
	for i, name := range names {
		if e.text() == name && text(&e.Name) == name {
			return int32(i)
		}
	}
	return -2
}

//bpf:section syscall
func renamed(ctx *args) int32 {
	key := uint32(ctx.N)
	e := entries.Lookup(key)
	if e == nil {
		return -1
	}
	before := string(e.Name[:])
	again := entries.Lookup(key)
	if again == nil {
		return -2
	}
	again.Name[0] ^= 0x20
	ctx.Out = uint64(e.Name[0])
	return int32(before[0])
}

//bpf:section syscall
func captured(ctx *args) int32 {
	want, prefix := names[ctx.At%3], "al"
	var found int32
	entries.ForEach(func(key *uint32, e *entry) bool {
		s := e.text()
		if s == want {
			found += int32(*key)
		}
		if len(s) > 1 && s[:2] == prefix {
			found += 1000
		}
		return true
	})
	return found
}

//bpf:section syscall
func port(ctx *args) int32 {
	for _, k := range kinds {
		for _, p := range k.Ports {
			if uint64(p) == ctx.N && k.Name != "" {
				chosen = k.Name
				return int32(len(k.Name)) + int32(k.Name[0])
			}
		}
	}
	return int32(len(chosen))
}

//bpf:section syscall
func say(ctx *args) int32 {
	var b [24]byte
	buf := append(b[:0], "at "...)
	buf = append(buf, names[ctx.At%3]...)
	s := string(buf)
	ebpf.Printk("%s|%s|%v|%s", "constant", names[ctx.At%3], s, s[3:5])
	return 0
}
"""


@pytest.fixture
def run(load: Load) -> Callable[..., tuple[int, int]]:
    """Runs a program with N and At; what it returned, and what is in Out."""
    obj = load(SOURCE)

    def call(name: str, n: int = 0, at: int = 0) -> tuple[int, int]:
        done = obj.program(name).test_run(ctx=CONTEXT.pack(n, at, 0))
        value = done.retval - (1 << 32) if done.retval >> 31 else done.retval
        return value, CONTEXT.unpack(done.ctx_out)[2]

    return call


Run = Callable[..., tuple[int, int]]


def test_names_in_map_values(run: Run) -> None:
    assert [run("put", n, n)[0] for n in range(3)] == [5, 4, 5]
    assert [run("find", n)[0] for n in range(4)] == [0, 1, 2, -1]


def test_a_value_that_is_written_by_another_pointer(run: Run) -> None:
    """Two lookups give two addresses of one value: the string is a copy from before."""
    run("put", 7, 0)
    assert run("renamed", 7) == (ord("a"), ord("A"))


def test_strings_captured_by_a_callback(run: Run) -> None:
    for key, at in ((1, 0), (10, 1), (100, 0)):
        run("put", key, at)
    assert run("captured", at=0)[0] == 101 + 2000
    assert run("captured", at=1)[0] == 10 + 2000
    assert run("captured", at=2)[0] == 2000


def test_a_table_of_structs(run: Run) -> None:
    assert run("port", 443)[0] == 3 + ord("w")
    assert run("port", 53)[0] == 3 + ord("d")
    assert run("port", 1)[0] == 3  # what was chosen last


def test_variables_in_the_object(load: Load) -> None:
    """A table with more than strings is a variable like others; strings alone are the program's own."""
    variables = load(SOURCE).globals
    assert "kinds" in variables
    assert "chosen" in variables
    assert "names" not in variables


def test_one_section_of_constants() -> None:
    """A loader makes a map of each section, and finds the one to set variables in by its name."""
    source = """package bpf

import "tinybpf/ebpf"

type args struct{ N, At, Out uint64 }

var limit uint64 = 5
var names = [...]string{"an", "other"}

//bpf:section syscall
func prog(ctx *args) int32 {
	if ctx.N > limit || ebpf.PID() == 0 {
		return -1
	}
	return int32(names[ctx.At&1][ctx.N])
}
"""
    data = bytes(compile_go(source))
    assert [s.name for s in elf.read(data).sections].count(".rodata") == 1


@pytest.mark.parametrize("at", range(3))
def test_printed(load: Load, at: int) -> None:
    name = ("alpha", "beta", "gamma")[at]
    obj = load(SOURCE)
    with tinybpf.trace_pipe(timeout=5) as lines:
        obj.program("say").test_run(ctx=CONTEXT.pack(0, at, 0))
        said = (record.text.rstrip("\n") for record in lines)
        assert next(t for t in said if t.startswith("constant|")) == f"constant|{name}|at {name}|{name[:2]}"
