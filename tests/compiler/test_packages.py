"""The packages that come with the compiler: which there are, and that each function of them is tried."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tinybpf.compiler import compile_go, elf, packages

GO = Path(__file__).parents[2] / "go"
CASES = Path(__file__).parents[1] / "language"
DECLARED = re.compile(r"^func (?:\(\w* ?\*?(\w+)\) )?([A-Z]\w*)", re.M)


def test_the_packages_are_the_folders() -> None:
    found = {path.parent.relative_to(GO / "std").as_posix() for path in GO.glob("std/**/*.go")}
    assert found == set(packages.STANDARD)
    assert set(packages.provided()) == {packages.EBPF, *found}
    assert all(Path(place).is_dir() for place in packages.provided().values())
    assert packages.is_ours("math/bits") and not packages.is_ours("fmt")


@pytest.mark.parametrize("path", packages.STANDARD)
def test_each_function_is_in_a_case(path: str) -> None:
    files = [*CASES.glob("cases/std_*.go"), CASES / "programs" / "atomics.go"]
    cases = "".join(file.read_text() for file in files)
    name = path.rpartition("/")[2]
    missing = []
    for file in (GO / "std" / path).glob("*.go"):
        for receiver, function in DECLARED.findall(file.read_text()):
            used = rf"\.{function}\b" if receiver else rf"\b{name}\.{function}\b"
            if receiver != "noCopy" and not re.search(used, cases):
                missing.append(function)
    assert not missing


SOURCE = """package p

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"slices"
	"unicode/utf8"
)

var name = [16]byte{'t', 'i', 'n', 'y'}

type context struct{ a, b uint64 }

//bpf:section syscall
func p(ctx *context) int32 {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:], ctx.a)
	n := bytes.IndexByte(b[:], 'x') + slices.Index(name[:], b[0]) + utf8.RuneCount(name[:4])
	return int32(n + bits.TrailingZeros64(ctx.b))
}
"""


def test_the_packages_leave_nothing_else_in_the_object() -> None:
    """No variable of theirs, no table of LLVM's, no subprogram."""
    found = elf.read(compile_go(SOURCE).elf)
    names = [section.name for section in found.sections]
    assert [n for n in names if n.startswith((".rodata", ".bss", ".data"))] == [".rodata"]
    assert {s.name for s in found.symbols if s.name.isidentifier()} == {"p", "name", "_license"}
