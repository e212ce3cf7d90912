"""The lines of Go in an object are those that were compiled."""

from __future__ import annotations

from pathlib import Path

import pytest

from tinybpf.compiler import compile_go, llvm
from tinybpf.compiler.elf import read
from tinybpf.libbpf.btf import Btf
from tinybpf.libbpf.btf_ext import BtfExt, SourceLine

PROGRAM = """package main

import "tinybpf/ebpf"

//bpf:section xdp
func prog(ctx *ebpf.XDP) ebpf.XDPAction {
\tif ebpf.Header[ebpf.IPv4](ctx, 14) == nil { // „ß“
\t\treturn ebpf.XDPDrop
\t}
\treturn ebpf.XDPPass
}
"""


def lines(data: bytes) -> list[SourceLine]:
    elf = read(data)
    btf, ext = elf.section(".BTF"), elf.section(".BTF.ext")
    assert btf is not None and ext is not None
    return [line for _, line in BtfExt(ext.data, Btf(btf.data)).lines("xdp")]


@pytest.mark.parametrize("order", ["little", "big"])
def test_texts(order: str) -> None:
    texts = PROGRAM.split("\n")
    found = lines(compile_go(PROGRAM, byte_order=order).elf)
    assert "\tif ebpf.Header[ebpf.IPv4](ctx, 14) == nil { // „ß“" in {line.text for line in found}
    for line in found:
        assert line.text == texts[line.line - 1]


def test_a_file_of_that_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """LLVM reads the file of a path where it is given no text."""
    before = lines(compile_go(PROGRAM).elf)
    (tmp_path / before[0].path).write_text("another line\n" * 40)
    monkeypatch.chdir(tmp_path)
    llvm.stop()
    try:
        assert lines(compile_go(PROGRAM).elf) == before
    finally:
        llvm.stop()
