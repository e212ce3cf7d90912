"""``tinybpf verify``: sound objects, and what the kernel says of their programs."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from descriptors import descriptors, settled
from observing import observed
from old_kernels import skip_where_it_says_so

import tinybpf
from tinybpf.cli.verdicts import Verdict

DATA = Path(__file__).parents[1] / "libbpf" / "data"
kernel = pytest.mark.kernel

MIXED = """package bpf

import (
	"tinybpf/ebpf"
	"unsafe"
)

var seen = ebpf.Hash[uint32, uint64]{MaxEntries: 16}

//bpf:section xdp
func fine(ctx *ebpf.XDP) ebpf.XDPAction {
	seen.Update(1, 1)
	return ebpf.XDPPass
}

//bpf:section xdp
func wrong(ctx *ebpf.XDP) ebpf.XDPAction {
	return ebpf.XDPAction(*(*uint32)(unsafe.Add(unsafe.Pointer(ctx), 400)))
}
"""


@pytest.fixture(scope="module")
def mixed(tmp_path_factory) -> Path:
    """The source of an object with a program that the kernel takes and one that it does not."""
    path = tmp_path_factory.mktemp("verify") / "mixed.go"
    path.write_text(MIXED)
    return path


@pytest.fixture
def answer(run):
    def execute(*arguments):
        outcome = run("verify", *map(str, arguments), "--json")
        assert outcome.err == ""
        skip_where_it_says_so(outcome.out)
        return outcome.status, json.loads(outcome.out)

    return execute


def test_a_sound_object(run):
    outcome = run("verify", str(DATA / "commands.elf"))
    assert (outcome.status, outcome.err) == (0, "")
    assert outcome.out.startswith("commands.elf: the object is sound: 1 program, 2 maps, ")


def test_an_object_that_contradicts_itself(tmp_path, run, answer):
    broken = bytearray((DATA / "commands.elf").read_bytes())
    at = broken.index(b"\x9f\xeb\x01\x00")  # BTF's header
    broken[at + 12 : at + 16] = (1 << 30).to_bytes(4, "little")
    path = tmp_path / "broken.o"
    path.write_bytes(broken)
    outcome = run("verify", str(path))
    assert (outcome.status, outcome.out) == (1, "")
    assert "BTF" in outcome.err
    status, told = answer(path)
    assert (status, told["ok"], told["programs"]) == (1, False, [])
    assert "BTF" in told["diagnostics"][0]["message"]


@kernel
def test_figures_of_programs_that_are_accepted(answer, run):
    status, told = answer(DATA / "commands.elf", "--kernel")
    (drain,) = told["programs"]
    assert (status, told["ok"], drain["verdict"]) == (0, True, "accepted")
    with tinybpf.open(DATA / "commands.elf", log_level=4) as opened, opened.load() as obj:
        log = obj.program("drain").verifier_log
    assert f"processed {drain['instructions']} insns" in log
    depths = [str(size) for size in drain["stack"]]
    assert re.search(rf"^stack depth {re.escape('+'.join(depths))}(?: max \d+)?$", log, re.M) or (
        re.findall(r"^subprog .* stack (\d+)$", log, re.M) == depths
    )
    line = run("verify", str(DATA / "commands.elf"), "--kernel").out.splitlines()[-1]
    assert line.split()[:4] == ["drain", "syscall", "accepted", str(drain["instructions"])]


def test_figures_as_linux_7_3_has_them():
    figures = (
        "verification time 33146 usec\nstack depth max 16\n"
        "subprog 0 (drain) main insns_self 8 insns_total 42 stack 0\n"
        "subprog 1 (take) static insns_self 34 insns_total 34 stack 16\n"
        "processed 42 insns (limit 1000000) max_states_per_insn 0 total_states 3 peak_states 5 mark_read 0\n"
    )
    told = Verdict("drain", "syscall", "SYSCALL", False, figures).data()
    assert (told["stack"], told["instructions"], told["time_us"]) == ([0, 16], 42, 33146)


@kernel
def test_each_program_has_its_verdict(mixed, answer, run):
    status, told = answer(mixed, "--kernel")
    assert (status, told["ok"]) == (1, False)
    assert observed("verdicts", {p["name"]: p["verdict"] for p in told["programs"]}) == {
        "fine": "accepted",
        "wrong": "refused",
    }
    (refusal,) = told["diagnostics"]
    assert (refusal["kind"], refusal["program"], refusal["line"]) == ("verifier", "wrong", 18)
    outcome = run("verify", str(mixed), "--kernel")
    assert outcome.status == 1
    assert f"{mixed}:18:" in outcome.err
    assert "invalid bpf_context access" in outcome.err


@kernel
def test_the_log_on_request(mixed, answer, run):
    told = {program["name"]: program for program in answer(mixed, "--kernel", "--log")[1]["programs"]}
    assert "call bpf_map_update_elem" in told["fine"]["log"]
    assert "processed " in told["fine"]["log"]
    assert "invalid bpf_context access" in told["wrong"]["log"]
    assert "call bpf_map_update_elem" in run("verify", str(mixed), "--kernel", "--log").out
    assert "log" not in answer(mixed, "--kernel")[1]["programs"][0]


@kernel
def test_all_kinds_of_clang(answer):
    for name in ("kinds", "structops", "network"):
        status, told = answer(DATA / f"{name}.elf", "--kernel")
        verdicts = {program["verdict"] for program in told["programs"]}
        assert verdicts <= {"accepted", "left out"}, told["diagnostics"]
        assert status == 0


@kernel
def test_nothing_stays(mixed, run):
    def names():
        return [info.name for info in tinybpf.programs() if info.name in ("fine", "wrong")]

    before, held = names(), settled()
    run("verify", str(mixed), "--kernel")
    assert names() == before
    assert descriptors() == held


def test_flags(run, mixed):
    outcome = run("verify", str(mixed), "--log")
    assert outcome.status == 2
    assert "--kernel" in outcome.err
    assert run("verify").status == 2
    assert run("verify", "/nowhere/at/all").status == 1
