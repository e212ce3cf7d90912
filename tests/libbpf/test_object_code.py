"""The instructions of an open object: against what libbpf counts and what the kernel then runs."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

import tinybpf
from tinybpf.cli import main

DATA = Path(__file__).parent / "data"
SOURCE = """package bpf

import "tinybpf/ebpf"

var counts = ebpf.Array[uint64]{MaxEntries: 2}
var limits = [3]uint32{1, 2, 3}
var total uint64

//go:noinline
func twice(n uint64) uint64 { return n*2 + uint64(limits[n&1]) }

//bpf:section xdp
func pass(ctx *ebpf.XDP) ebpf.XDPAction {
	if n := counts.Lookup(uint32(ctx.RxQueueIndex & 1)); n != nil {
		total += twice(*n)
	}
	return ebpf.XDPPass
}
"""


@pytest.fixture(scope="module")
def compiled():
    return tinybpf.compile_go(SOURCE, name="code")


def test_sections_and_licence(compiled):
    with tinybpf.open(compiled) as opened:
        assert opened.license == compiled.license == "GPL"
        sections = opened.sections
    assert {"xdp", ".text", ".maps", "license", ".BTF"} <= set(sections)
    assert sections["license"] == len("GPL") + 1
    assert sections[".bss"] >= 8  # takes no room in the file


def test_names_in_place_of_addresses(compiled):
    with tinybpf.open(compiled) as opened:
        lines = list(opened.disassembly())
    texts = {line.text for line in lines}
    assert "call twice" in texts
    assert "call bpf_map_lookup_elem" in texts
    assert any(text.endswith("= map counts") for text in texts)
    assert any(text.endswith("= &total") for text in texts)
    assert any(text.endswith("= &limits") for text in texts)
    assert [line.function for line in lines if line.number == 0] == ["twice", "pass"]
    calling = next(line for line in lines if line.text == "call twice")
    assert calling.source is not None
    assert calling.source.text.strip() == "total += twice(*n)"


def test_an_object_of_clang():
    with tinybpf.open(DATA / "replace.elf") as opened:
        lines = list(opened.disassembly())
    assert {line.function for line in lines} >= {"asked", "other"}
    assert any(line.text == "call answer" for line in lines if line.function == "asked")


def test_a_used_object(compiled):
    opened = tinybpf.open(compiled)
    opened.close()
    for use in (lambda: opened.sections, lambda: opened.license, opened.disassembly):
        with pytest.raises(tinybpf.BpfError, match="cannot be used"):
            use()


def test_the_other_byte_order(tmp_path):
    path = tmp_path / "big.o"
    other = "big" if sys.byteorder == "little" else "little"
    source = tmp_path / "code.go"
    source.write_text(SOURCE)
    assert main(["build", str(source), "--byte-order", other, "-o", str(path)]) == 0
    with pytest.raises(tinybpf.BpfError, match=r"byte order|endian"):  # noqa: SIM117
        with tinybpf.open(path) as opened:
            opened.disassembly()
