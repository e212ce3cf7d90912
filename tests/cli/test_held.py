"""``tinybpf prog``, ``map`` and ``link``: what the kernel holds, as tables, as JSON, and pinned."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from descriptors import descriptors, settled
from lacking import skip_without
from observing import observed

import tinybpf
from tinybpf import system

SOURCE = """package bpf

import "tinybpf/ebpf"

type Flow struct {
	Packets uint64
	Bytes   uint64
	Label   [8]byte
}

var (
	flows = ebpf.Hash[ebpf.IPv4Addr, Flow]{MaxEntries: 16}
	calls = ebpf.PerCPUArray[uint64]{MaxEntries: 2}
	jobs  = ebpf.Queue[uint32]{MaxEntries: 4}
	ring  = ebpf.RingBuf[uint64]{MaxEntries: 4096}
)

var limit = uint32(5)

//bpf:section cgroup_skb/egress
func count_for_list(ctx *ebpf.SKB) int32 {
	if n := calls.Lookup(0); n != nil {
		*n++
	}
	jobs.Push(limit)
	one := uint64(1)
	ring.Output(&one)
	flows.Delete(ebpf.IPv4Addr{})
	return 1
}
"""
PROGRAM = "count_for_list"
ON_OPEN = """package bpf

import "unsafe"

//bpf:section fentry/do_sys_openat2
func on_open(ctx unsafe.Pointer) int32 { return 0 }
"""
REPLACE = Path(__file__).parents[1] / "libbpf" / "data" / "replace.elf"
pytestmark = pytest.mark.kernel


@pytest.fixture(scope="module")
def compiled() -> Any:
    return tinybpf.compile_go(SOURCE, name="held")


@pytest.fixture
def held(compiled: Any) -> Iterator[Any]:
    """A loaded program with maps that have something in them."""
    with tinybpf.load(compiled) as obj:
        yield obj


@pytest.fixture
def link(held: Any, cgroup: Path) -> Any:
    """The program attached to a cgroup of its own."""
    return held.program(PROGRAM).attach_cgroup(str(cgroup))


@pytest.fixture
def pin() -> Iterator[Path]:
    path = Path(f"/sys/fs/bpf/tinybpf-cli-{os.getpid()}")
    yield path
    path.unlink(missing_ok=True)


@pytest.fixture
def answer(run: Callable[..., Any]) -> Callable[..., Any]:
    """The JSON of a command that succeeds."""

    def execute(*arguments: str) -> Any:
        outcome = run(*arguments, "--json")
        assert (outcome.status, outcome.err) == (0, "")
        return json.loads(outcome.out)

    return execute


def numbers(held: Any) -> SimpleNamespace:
    """The ids of what was loaded, as texts."""
    return SimpleNamespace(
        program=str(held.program(PROGRAM).info.id),
        **{name: str(held.map(name).id) for name in ("flows", "calls", "jobs", "ring")},
    )


# Programs


def test_programs_are_listed(held, run, answer):
    info = held.program(PROGRAM).info
    (listed,) = (each for each in answer("prog", "list") if each["id"] == info.id)
    assert observed("name, type and tag", (listed["name"], listed["type"], listed["tag"])) == (
        PROGRAM,
        "CGROUP_SKB",
        info.tag,
    )
    assert listed["map_ids"] == list(info.map_ids)
    (line,) = (line for line in run("prog", "list").out.splitlines() if f" {info.tag} " in line)
    assert line.split()[:4] == [str(info.id), "cgroup_skb", PROGRAM, info.tag]


def test_a_program_with_its_maps_links_and_pins(held, link, pin, run, answer):
    id = numbers(held).program
    assert run("prog", "pin", id, str(pin)).status == 0
    (shown,) = answer("prog", "show", id)
    assert (shown["pins"], shown["link_ids"]) == ([str(pin)], [link.id])
    assert [each["id"] for each in answer("prog", "show", str(pin))] == [shown["id"]]
    text = run("prog", "show", id).out
    assert text.startswith(f"{id}: {PROGRAM}\n")
    assert f"{numbers(held).flows} flows" in text
    assert str(pin) in text
    assert run("prog", "unpin", str(pin)).status == 0
    assert not pin.exists()


def test_the_instructions_below_their_source(held, run, answer):
    id = numbers(held).program
    code = held.program(PROGRAM).disassembly()
    dumped = answer("prog", "dump", id)
    assert [line["text"] for line in dumped] == [line.text for line in code]
    assert bytes.fromhex(dumped[-1]["code"])[0] == 0x95
    pushed = [line for line in dumped if line["source"]["text"].strip() == "jobs.Push(limit)"]
    assert pushed
    lines = run("prog", "dump", id).out.splitlines()
    at = next(number for number, line in enumerate(lines) if line.endswith(": jobs.Push(limit)"))
    assert observed("first line", lines[0]) == f"{PROGRAM}:"
    assert lines[at].startswith("; ")
    assert "map[id:" in lines[at + 1] or "r1" in lines[at + 1]


# Maps


def test_maps_are_listed(held, run, answer):
    id = held.map("flows").id
    (listed,) = (each for each in answer("map", "list") if each["id"] == id)
    assert (listed["name"], listed["type"]) == ("flows", "HASH")
    assert observed(
        "sizes and entries", (listed["key_size"], listed["value_size"], listed["max_entries"])
    ) == (4, 24, 16)
    (line,) = (line for line in run("map", "list").out.splitlines() if line.split()[0] == str(id))
    assert line.split()[1:6] == ["hash", "flows", "4", "24", "16"]


def test_a_map_with_its_types_programs_and_pins(held, pin, run, answer):
    id = numbers(held).flows
    assert run("map", "pin", id, str(pin)).status == 0
    (shown,) = answer("map", "show", str(pin))
    assert (shown["key_type"], shown["value_type"], shown["pins"]) == ("in_addr", "Flow", [str(pin)])
    assert shown["programs"] == [{"id": held.program(PROGRAM).info.id, "name": PROGRAM}]
    assert "Flow, 24 bytes" in run("map", "show", id).out
    assert run("map", "unpin", str(pin)).status == 0
    assert not pin.exists()


def test_entries_are_typed_by_the_btf_of_the_map(held, run, answer):
    id = numbers(held).flows
    assert answer("map", "dump", id) == []
    assert run("map", "dump", id).out == ""
    held.map("flows")["10.0.0.1"] = {"Packets": 1 << 60, "Bytes": 7, "Label": "web"}
    value = {"Packets": str(1 << 60), "Bytes": 7, "Label": "web"}
    assert answer("map", "dump", id) == [{"key": "10.0.0.1", "value": value}]
    key, _, written = run("map", "dump", id).out.partition(": ")
    assert observed("key and value", (json.loads(key), json.loads(written))) == ("10.0.0.1", value)


def test_values_of_each_cpu(held, answer):
    for _ in range(3):
        held.program(PROGRAM).test_run(data=bytes(64))
    first, second = answer("map", "dump", numbers(held).calls)
    assert (first["key"], sum(first["value"]), sum(second["value"])) == (0, 3, 0)


def test_package_variables_by_name(held, answer):
    id = str(held.map(".rodata").id)
    assert {"key": "limit", "value": 5} in answer("map", "dump", id)


def test_a_queue_is_looked_at_and_keeps_its_values(held, answer):
    assert answer("map", "dump", numbers(held).jobs) == []
    held.map("jobs").push(9)
    for _ in range(2):
        (entry,) = answer("map", "dump", numbers(held).jobs)
        assert int.from_bytes(bytes.fromhex(entry["value"]), sys.byteorder) == 9


def test_maps_and_programs_in_a_map(held, answer):
    """Their ids; what is opened for that is closed again."""
    with (
        tinybpf.create_map("array", key="u32", value="u64", max_entries=2) as inner,
        tinybpf.create_map("array_of_maps", key="u32", max_entries=4, inner=inner) as outer,
        tinybpf.create_map("prog_array", key="u32", value="u32", max_entries=4) as programs,
    ):
        outer[2] = inner
        programs[1] = held.program(PROGRAM)
        before = settled()
        assert answer("map", "dump", str(outer.id)) == [{"key": 2, "value": inner.id}]
        found = answer("map", "dump", str(programs.id))
        assert found == [{"key": 1, "value": held.program(PROGRAM).info.id}]
        assert descriptors() == before


def test_devices_have_numbers_for_keys(answer):
    with tinybpf.create_map("devmap", key="u32", value="u32", max_entries=4) as devices:
        devices[3] = "lo"
        assert answer("map", "dump", str(devices.id)) == [{"key": 3, "value": 1}]


@pytest.mark.parametrize("kind", ["bloom_filter", "xskmap", "sk_storage", "perf_event_array"])
def test_maps_that_cannot_be_dumped(kind, run):
    keys = {"bloom_filter": {"value": "u64"}, "sk_storage": {"key": "s32", "value": "u64"}}
    entries = {} if kind == "sk_storage" else {"max_entries": 4}
    with tinybpf.create_map(kind, **keys.get(kind, {"key": "u32", "value": "u32"}), **entries) as made:
        outcome = run("map", "dump", str(made.id))
    assert (outcome.status, outcome.out) == (1, "")
    assert f"map '{made.name[:15]}'" in outcome.err
    assert "internal error" not in outcome.err


def test_a_ring_buffer_is_no_table(held, run):
    outcome = run("map", "dump", numbers(held).ring, "--json")
    assert (outcome.status, outcome.out) == (1, "")
    assert "map 'ring' is a RINGBUF" in outcome.err


# Links


def test_links_with_what_their_kind_has(held, link, cgroup, run, answer):
    (listed,) = (each for each in answer("link", "list") if each["id"] == link.id)
    assert observed("type and program", (listed["type"], listed["program"])) == ("CGROUP", PROGRAM)
    assert listed["cgroup_id"] == cgroup.stat().st_ino
    (shown,) = answer("link", "show", PROGRAM)
    assert shown == listed | {"pins": [], "target_name": str(cgroup)}
    assert "cgroup id" in run("link", "show", str(link.id)).out


def test_the_function_of_the_kernel_that_a_link_is_for(run, answer):
    skip_without("fentry")
    with tinybpf.load_go(ON_OPEN) as obj:
        link = obj.program("on_open").attach()
        (shown,) = answer("link", "show", str(link.id))
        if not link.info.target_object_id:
            assert shown["target_name"] is None and system.older_than("6.1")
            return
        assert shown["target_name"] == "do_sys_openat2"
        assert "do_sys_openat2" in run("link", "show", str(link.id)).out


def test_the_function_of_a_program_that_a_link_replaces(answer):
    skip_without("freplace")
    with tinybpf.load(REPLACE) as base, tinybpf.open(REPLACE) as opened:
        opened.programs["asked"].autoload = False
        opened.programs["other"].autoload = True
        opened.programs["other"].set_target("answer", base.program("asked"))
        with opened.load() as other:
            link = other.program("other").attach_freplace()
            (shown,) = answer("link", "show", str(link.id))
            if not link.info.target_object_id:
                assert shown["target_name"] is None and system.older_than("6.1")
                return
            assert shown["target_name"] == "answer"


def test_a_link_is_pinned_and_unpinned(held, link, pin, run, answer):
    assert run("link", "pin", str(link.id), str(pin)).status == 0
    assert answer("link", "show", str(pin))[0]["pins"] == [str(pin)]
    assert observed("status of unpin", run("link", "unpin", str(pin)).status) == 0
    assert not pin.exists()


def test_detach_is_for_all_who_hold_the_link(held, link, cgroup, run):
    assert link.info.cgroup_id == cgroup.stat().st_ino
    assert run("link", "detach", str(link.id)).status == 0
    assert link.info.cgroup_id == 0


def test_the_program_of_a_link(held, link, answer):
    assert answer("link", "dump", str(link.id)) == answer("prog", "dump", numbers(held).program)


# What cannot be


@pytest.mark.parametrize("group", ["prog", "map", "link"])
@pytest.mark.parametrize(
    ("what", "status", "words"),
    [
        ("4294967295", 1, "there is no"),
        ("0", 2, "ids are from 1"),
        ("99999999999999999999", 2, "ids are from 1"),
        ("surely_not_there", 1, "of the name 'surely_not_there'"),
        ("", 2, "give the id, the name or the pin"),
        ("/nowhere/at/all", 1, "there is no such pin"),
        ("/etc/passwd", 1, "failed: "),
    ],
)
def test_what_is_not_there(run, group, what, status, words):
    for command in ("show", "dump"):
        outcome = run(group, command, what)
        assert (outcome.status, outcome.out) == (status, "")
        assert words in outcome.err
        assert "internal error" not in outcome.err


def test_names_cannot_move_the_cursor(run):
    outcome = run("prog", "show", "a\x1b[31m\nb")
    assert outcome.status == 1
    assert "'a\\x1b[31m\\nb'" in outcome.err


def test_a_name_that_several_have(compiled, held, run, answer):
    with tinybpf.load(compiled) as other:
        ids = [held.program(PROGRAM).info.id, other.program(PROGRAM).info.id]
        assert [each["id"] for each in answer("prog", "show", PROGRAM)] == ids
        outcome = run("prog", "dump", PROGRAM)
    assert outcome.status == 1
    assert f"there are 2 programs of the name '{PROGRAM}': take the id, of {ids[0]}, {ids[1]}" in outcome.err


def test_a_pin_of_something_else(held, pin, run):
    held.map("flows").pin(pin)
    outcome = run("prog", "show", str(pin))
    assert outcome.status == 1
    assert "no program, but a BPF map" in outcome.err
    held.map("flows").unpin(pin)


def test_a_pin_where_none_can_be(held, tmp_path, run):
    for group, what in (("prog", numbers(held).program), ("map", numbers(held).flows)):
        outcome = run(group, "pin", what, str(tmp_path / "x"))
        assert outcome.status == 1
        assert "not in a BPF file system" in outcome.err


UNPRIVILEGED = """
import os, sys
import tinybpf.cli, tinybpf.libbpf.kernel_objects, tinybpf.libbpf._hints, tinybpf.libbpf.link_info
import tinybpf.cli.held
os.setresuid(65534, 65534, 65534)
sys.exit(tinybpf.cli.main([sys.argv[1], "list"]))
"""


@pytest.mark.parametrize("group", ["prog", "map", "link"])
def test_without_root(group):
    done = subprocess.run([sys.executable, "-c", UNPRIVILEGED, group], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (1, "")
    assert "CAP_SYS_ADMIN" in done.stderr


def test_a_reader_that_has_gone(held, command):
    for arguments in (("map", "list"), ("prog", "dump", numbers(held).program)):
        reader, writer = os.pipe()
        os.close(reader)
        done = command(*arguments, stdout=writer)
        os.close(writer)
        assert (done.returncode, done.stderr) == (1, "")


@pytest.mark.parametrize(("columns", "pairs"), [(40, True), (200, False)])
def test_a_table_fits_the_terminal(held, command, columns, pairs):
    terminal, other_end = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "tinybpf", "prog", "list"],
        stdout=other_end,
        env=os.environ | {"COLUMNS": str(columns), "NO_COLOR": "1"},
    ) as process:
        os.close(other_end)
        shown = b""
        try:
            while piece := os.read(terminal, 65536):
                shown += piece
        except OSError:  # the other end is closed
            pass
        assert process.wait() == 0
    os.close(terminal)
    lines = shown.decode().splitlines()
    assert max(map(len, lines)) <= columns
    assert any(f"name={PROGRAM}" in line for line in lines) is pairs
