"""What an object tells of itself: functions, stack, types, variables; as data for other programs, too."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tinybpf.compiler import CompiledObject, compile_go, elf
from tinybpf.compiler.facts import describe

SOURCE = """package main

import "tinybpf/ebpf"

type Kind uint8

const (
	Small Kind = iota
	Large
)

type Inner struct{ X, Y int16 }

type Event struct {
	Time uint64
	Kind Kind
	In   [2]Inner
	Port ebpf.BE16
}

var (
	events = ebpf.RingBuf[Event]{MaxEntries: 4096}
	counts = ebpf.Hash[uint32, Inner]{MaxEntries: 8}
	limit  uint32 = 7
	seen   uint64
)

//go:noinline
func fill(to *[10]uint64, from uint64) uint64 {
	var own [20]uint64
	for i := range own {
		own[i] = from * uint64(i)
	}
	for i := range to {
		to[i] = own[(from+uint64(i))&15]
	}
	return to[from&7]
}

//bpf:section syscall
func deep(ctx *[4]uint64) int32 {
	var all [10]uint64
	seen++
	return int32(fill(&all, ctx[0]) + all[ctx[1]&7])
}

//bpf:section xdp
func flat(ctx *ebpf.XDP) ebpf.XDPAction {
	counts.Update(limit, Inner{1, 2})
	if e := events.Reserve(); e != nil {
		e.Kind = Large
		events.Submit(e)
	}
	return ebpf.XDPPass
}
"""


@pytest.fixture(scope="module", params=["little", "big"])
def compiled(request: pytest.FixtureRequest) -> CompiledObject:
    return compile_go(SOURCE, byte_order=request.param)


def test_functions(compiled: CompiledObject) -> None:
    by_name = {f.name: f for f in compiled.functions}
    assert list(by_name) == ["deep", "flat", "fill"]
    assert [(f.section, f.calls) for f in compiled.functions] == [
        ("syscall", ("fill",)), ("xdp", ()), (".text", ()),
    ]  # fmt: skip
    assert 160 <= by_name["fill"].stack <= 176 and 80 <= by_name["deep"].stack <= 96
    whole = elf.read(compiled.elf).instructions()
    assert sum(f.instructions for f in compiled.functions) == whole


def test_stack_of_the_deepest_chain(compiled: CompiledObject) -> None:
    deep, flat = compiled.programs
    stack = {f.name: f.stack for f in compiled.functions}
    assert deep.chain == (("deep", stack["deep"]), ("fill", stack["fill"]))
    assert deep.stack == sum((size + 15) // 16 * 16 for _, size in deep.chain)  # as the kernel counts
    assert (flat.stack, flat.chain) == ((stack["flat"] + 15) // 16 * 16, (("flat", stack["flat"]),))


def test_types(compiled: CompiledObject) -> None:
    """Those that user space meets, with what is in them."""
    types = {t.name: t for t in compiled.types}
    assert set(types) == {"Event", "Inner", "Kind"}
    assert [(f.name, f.type, f.offset, f.size) for f in types["Event"].fields] == [
        ("Time", "uint64", 0, 8),
        ("Kind", "Kind", 8, 1),
        ("In", "Inner[2]", 10, 8),
        ("Port", "__be16", 18, 2),
    ]
    assert (types["Event"].size, types["Inner"].size, types["Kind"].kind) == (24, 4, "enum")


def test_variables(compiled: CompiledObject) -> None:
    known = {v.name: (v.section, v.type, v.size) for v in compiled.variables}
    assert known["limit"] == (".rodata", "uint32", 4)
    assert known["seen"] == (".bss", "uint64", 8)


def test_described_for_other_programs(compiled: CompiledObject) -> None:
    told = json.loads(json.dumps(describe(compiled)))
    assert (told["size"], told["byte_order"]) == (len(compiled.elf), compiled.byte_order)
    assert {m["name"]: m["types"] for m in told["maps"]} == {
        "events": {"event": "Event"},
        "counts": {"key": "uint32", "value": "Inner"},
    }
    assert [p["name"] for p in told["programs"]] == ["deep", "flat"]
    assert {f["name"] for f in told["functions"]} == {"deep", "flat", "fill"}
    assert {t["name"] for t in told["types"]} == {"Event", "Inner", "Kind"}
    assert told["stages"]["front end"] > 0


def test_an_object_without_any(tmp_path: Path) -> None:
    plain = compile_go("package main\n\n//bpf:section syscall\nfunc f(ctx *int) int32 { return 0 }\n")
    assert (plain.types, plain.variables) == ((), ())
    plain.write(tmp_path / "x.o")
    assert (tmp_path / "x.o").read_bytes() == plain.elf == bytes(plain)


def test_written_whole_or_not_at_all(tmp_path: Path) -> None:
    made = compile_go("package main\n\n//bpf:section syscall\nfunc f(ctx *int) int32 { return 0 }\n")
    target = tmp_path / "x.o"
    target.write_bytes(b"before")
    (tmp_path / "link.o").symlink_to(target)
    made.write(tmp_path / "link.o")
    assert target.read_bytes() == made.elf
    with pytest.raises(OSError, match="no-such-folder"):
        made.write(tmp_path / "no-such-folder" / "x.o")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["link.o", "x.o"]
