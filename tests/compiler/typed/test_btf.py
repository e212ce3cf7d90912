"""What user space learns of the typed dialect's types: names that C and the kernel have, tags, counters."""

from __future__ import annotations

import io

import pytest
from elftools.elf.elffile import ELFFile

from tinybpf.compiler import compile_go
from tinybpf.libbpf.btf import Btf, Member, TypeRecord
from tinybpf.libbpf.btf_wire import BtfKind

SOURCE = """
package bpf

import (
	"sync/atomic"

	"tinybpf/ebpf"
)

type State uint8

const (
	Idle State = iota
	Busy
	Gone State = 200
)

type Level int32

const Low Level = -5

type Event struct {
	When  ebpf.Ktime
	Took  uint64 `show:"duration"`
	Src   ebpf.IPv4Addr
	Dst   ebpf.IPv6Addr
	Port  ebpf.BE16
	State State
	Level Level
	Comm  ebpf.Comm
	MAC   ebpf.MAC
	Count atomic.Uint64
	Addr  ebpf.Address
}

var events = ebpf.RingBuf[Event]{MaxEntries: 4096}
var byState = ebpf.Hash[State, Event]{MaxEntries: 4}
var latency = ebpf.PerCPUArray[ebpf.Histogram]{MaxEntries: 1}
var waiting = ebpf.Queue[Event]{MaxEntries: 4}
var routes = ebpf.LPMTrie[ebpf.IPv4Addr, uint32]{MaxEntries: 8}
var table [4]uint32

//bpf:section tracepoint/syscalls/sys_enter_write
func prog(ctx *ebpf.SysEnter) uint32 {
	e := Event{Took: ctx.Args[0], State: Busy}
	events.Output(&e)
	byState.Update(e.State, e)
	waiting.Push(e)
	if h := latency.Lookup(0); h != nil {
		h.Add(ctx.Args[2])
	}
	routes.Delete(8, e.Src)
	return table[ctx.Args[1]]
}
"""


@pytest.fixture(scope="module")
def btf() -> Btf:
    elf = ELFFile(io.BytesIO(compile_go(SOURCE).elf))
    return Btf(elf.get_section_by_name(".BTF").data())


def field(btf: Btf, name: str) -> Member:
    event = btf.find("Event", BtfKind.STRUCT)
    assert event is not None
    return next(m for m in btf.members(btf.record(event)) if m.name == name)


def described(btf: Btf, name: str) -> TypeRecord:
    return btf.record(field(btf, name).type_id)


@pytest.mark.parametrize(
    ("name", "kind", "c_name"),
    [
        ("When", BtfKind.TYPEDEF, "ebpf_Ktime"),
        ("Took", BtfKind.TYPEDEF, "uint64"),
        ("Src", BtfKind.STRUCT, "in_addr"),
        ("Dst", BtfKind.STRUCT, "in6_addr"),
        ("Port", BtfKind.TYPEDEF, "__be16"),
        ("State", BtfKind.ENUM, "State"),
        ("Comm", BtfKind.TYPEDEF, "ebpf_Comm"),
        ("MAC", BtfKind.TYPEDEF, "ebpf_MAC"),
        ("Count", BtfKind.TYPEDEF, "uint64"),
        ("Addr", BtfKind.PTR, ""),
    ],
)
def test_names(btf: Btf, name: str, kind: BtfKind, c_name: str) -> None:
    record = described(btf, name)
    assert (record.kind, record.name) == (kind, c_name)


def test_enumerations(btf: Btf) -> None:
    assert btf.enum_values(described(btf, "State")) == (("Idle", 0), ("Busy", 1), ("Gone", 200))
    assert described(btf, "State").size == 1
    assert btf.enum_values(described(btf, "Level")) == (("Low", -5),)


def test_an_address_is_as_the_kernel_has_it(btf: Btf) -> None:
    (only,) = btf.members(described(btf, "Src"))
    assert (only.name, btf.record(only.type_id).name) == ("s_addr", "__be32")


def test_comm_is_of_characters(btf: Btf) -> None:
    element, count = btf.array_of(btf.resolve(field(btf, "Comm").type_id))
    assert (btf.record(element).name, count) == ("char", 16)


def test_tags(btf: Btf) -> None:
    event = btf.find("Event", BtfKind.STRUCT)
    assert event is not None
    names = [m.name for m in btf.members(btf.record(event))]
    assert btf.decl_tags(event, names.index("Took")) == ("show:duration",)
    assert btf.decl_tags(event, names.index("When")) == ()


def test_maps_have_the_types_that_the_source_gives_them(btf: Btf) -> None:
    maps = btf.map_definitions()

    def name(type_id: int | None) -> str | None:
        return None if type_id is None else btf.record(type_id).name

    assert name(maps["events"].event_type) == "Event"
    assert (name(maps["byState"].key_type), name(maps["byState"].value_type)) == ("State", "Event")
    assert name(maps["latency"].value_type) == "ebpf_Histogram"
    assert (name(maps["waiting"].key_type), name(maps["waiting"].value_type)) == (None, "Event")
    assert name(maps["routes"].key_type) == "ebpf_LPMKey_in_addr"


def test_counters(btf: Btf) -> None:
    counters = {v.name for v in btf.section_vars(".bss")}
    assert counters == {"ebpf_lost_events", "ebpf_panics"}


def test_no_counter_where_nothing_can_be_lost() -> None:
    source = 'package bpf\n\nimport "tinybpf/ebpf"\n\n//bpf:section xdp\n'
    source += "func pass(ctx *ebpf.XDP) ebpf.XDPAction { return ebpf.XDPPass }\n"
    assert ELFFile(io.BytesIO(compile_go(source).elf)).get_section_by_name(".bss") is None


def test_only_functions_with_a_tracepoint_s_context_are_programs_by_their_name() -> None:
    source = """package bpf

import "tinybpf/ebpf"

func Is_Local(ip *ebpf.IPv4) bool { return ip.Dst.IsLoopback() }

func Look_At(ctx *ebpf.XDP) bool {
	ip := ebpf.Header[ebpf.IPv4](ctx, 14)
	return ip != nil && Is_Local(ip)
}

func Sched_SchedProcessExec(ctx *ebpf.SchedProcessExec) int32 { return 0 }

//bpf:section xdp
func filter(ctx *ebpf.XDP) ebpf.XDPAction {
	if Look_At(ctx) {
		return ebpf.XDPDrop
	}
	return ebpf.XDPPass
}
"""
    programs = {p.name: p.section for p in compile_go(source).programs}
    assert programs == {
        "filter": "xdp",
        "Sched_SchedProcessExec": "tracepoint/sched/sched_process_exec",
    }
