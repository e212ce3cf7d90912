"""Maps at the end, filled from here."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator

import pytest

from tinybpf.show import maps
from tinybpf.show.maps import Shown, declared, json_lines, lines
from tinybpf.show.output import Output

pytestmark = pytest.mark.kernel

SOURCE = """package bpf

import "tinybpf/ebpf"

type Key struct {
	PID  uint32
	Comm ebpf.Comm
}

type Stat struct {
	Count uint64
	Last  ebpf.Nanoseconds
}

var (
	knob    uint32 = 7
	counts  = ebpf.Hash[Key, uint64]{MaxEntries: 100}
	stats   = ebpf.Hash[uint32, Stat]{MaxEntries: 100}
	perCPU  = ebpf.PerCPUHash[uint32, uint64]{MaxEntries: 100}
	perStat = ebpf.PerCPUArray[Stat]{MaxEntries: 2}
	events  = ebpf.RingBuf[Stat]{MaxEntries: 4096}
	took    = ebpf.Hash[uint32, ebpf.Histogram]{MaxEntries: 100}
	array   = ebpf.Array[uint64]{MaxEntries: 64}
	single  = ebpf.Array[uint64]{MaxEntries: 1}
)

//bpf:section raw_tracepoint/sys_enter
func use(ctx *ebpf.RawTracepoint) int32 {
	key := Key{PID: knob}
	counts.Lookup(key)
	stats.Lookup(0)
	perCPU.Lookup(0)
	perStat.Lookup(0)
	events.Output(&Stat{})
	took.Lookup(0)
	array.Lookup(0)
	single.Lookup(0)
	return 0
}
"""


@pytest.fixture(scope="module")
def elf() -> bytes:
    from tinybpf.compiler import compile_go

    return bytes(compile_go(SOURCE))


@pytest.fixture
def obj(elf: bytes) -> Iterator:
    from tinybpf.libbpf import load

    with load(elf) as obj:
        yield obj


@pytest.fixture
def pipe() -> Iterator[Output]:
    reader, writer = os.pipe()
    yield Output(writer)
    os.close(reader)
    os.close(writer)


def shown(obj, name: str, output: Output) -> list[str]:
    return lines(Shown(obj.map(name)), output)


def entries(obj, name: str) -> list[dict]:
    found = [json.loads(line) for line in json_lines(Shown(obj.map(name)))]
    assert all(entry.pop("kind") == "entry" and entry.pop("map") == name for entry in found)
    return found


def test_which(obj):
    names = {found.name for found in declared(obj)}
    assert names == {"counts", "stats", "perCPU", "perStat", "took", "array", "single"}


def test_empty(obj, pipe):
    assert shown(obj, "counts", pipe) == ["counts: empty"]
    assert shown(obj, "array", pipe) == ["array: all 64 entries are 0"]
    assert shown(obj, "single", pipe) == ["single: the entry is 0"]
    assert shown(obj, "took", pipe) == ["took: empty"]
    assert entries(obj, "counts") == entries(obj, "array") == []


def test_numbers_with_the_greatest_first(obj, pipe):
    for pid, comm, count in ((1, "init", 5), (22, "bash", 700), (3, "a b", 5)):
        obj.map("counts")[{"PID": pid, "Comm": comm}] = count
    assert shown(obj, "counts", pipe) == [
        "counts:",
        "  PID  Comm  value",
        "   22  bash    700",
        "    1  init      5",
        "    3  a b       5",
    ]
    assert entries(obj, "counts")[0] == {"key": {"PID": 22, "Comm": "bash"}, "value": 700}


def test_structs_by_key(obj, pipe):
    for key in (300, 2, 10):
        obj.map("stats")[key] = {"Count": key, "Last": key * 1_000_000}
    assert shown(obj, "stats", pipe) == [
        "stats:",
        "  key  Count    Last",
        "    2      2  2.00ms",
        "   10     10  10.0ms",
        "  300    300   300ms",
    ]
    assert entries(obj, "stats")[0] == {"key": 2, "value": {"Count": 2, "Last": 2_000_000}}


def test_long_maps_are_cut(obj, pipe):
    for key in range(50):
        obj.map("stats")[key] = {"Count": 1, "Last": 0}
    text = shown(obj, "stats", pipe)
    assert len(text) == 33
    assert text[-1] == "  … 20 more"
    assert len(entries(obj, "stats")) == 50


def test_arrays_by_index_without_what_is_zero(obj, pipe):
    obj.map("array")[9] = 1
    obj.map("array")[3] = 1
    assert shown(obj, "array", pipe) == [
        "array:",
        "  key  value",
        "    3      1",
        "    9      1",
        "  … 62 entries are 0",
    ]


def test_huge_maps_are_read_in_part(obj, pipe, monkeypatch):
    monkeypatch.setattr(maps, "MOST_READ", 10)
    assert shown(obj, "array", pipe) == ["array: the first 10 entries are 0"]
    obj.map("array")[9] = obj.map("array")[10] = 1
    assert shown(obj, "array", pipe) == ["array:", "  key  value", "    9      1", "  … 9 entries are 0"]
    assert maps.unread(Shown(obj.map("array"))) == "map 'array': only 10 of 64 entries were read"
    for key in range(10):
        obj.map("stats")[key] = {"Count": 1, "Last": 0}
    assert maps.unread(Shown(obj.map("stats"))) == ""
    obj.map("stats")[10] = {"Count": 1, "Last": 0}
    assert maps.unread(Shown(obj.map("stats"))) == "map 'stats': only 10 of its entries were read"


def test_numbers_of_all_cpus_are_added_up(obj, pipe):
    cpus = len(obj.map("perStat")[0])
    obj.map("perCPU")[5] = [10] * cpus
    assert shown(obj, "perCPU", pipe) == ["perCPU:", "  key  value", f"    5  {10 * cpus:5}"]
    assert entries(obj, "perCPU") == [{"key": 5, "value": 10 * cpus}]


def test_structs_of_each_cpu(obj, pipe):
    cpus = len(obj.map("perStat")[0])
    zero, one = {"Count": 0, "Last": 0}, {"Count": 4, "Last": 9}
    obj.map("perStat")[1] = [one] + [zero] * (cpus - 1)
    assert shown(obj, "perStat", pipe) == [
        "perStat:",
        "  key  cpu  Count  Last",
        "    1    0      4   9ns",
        "  … 1 entry is 0",
    ]
    assert entries(obj, "perStat") == [{"key": 1, "cpus": [one] + [zero] * (cpus - 1)}]


def test_histograms(obj, pipe):
    for key, count in ((1, 1), (2, 9)):
        obj.map("took")[key] = {"Slots": [0, count] + [0] * 62}
    text = shown(obj, "took", pipe)
    assert [line for line in text if "value" in line] == ["took[2]: 9 values", "took[1]: 1 value"]
    assert entries(obj, "took")[0] == {"key": 2, "value": [{"min": 1, "max": 1, "count": 9}]}
