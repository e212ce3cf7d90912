"""Our objects in bpftool, where it is installed."""

from __future__ import annotations

import shutil
import subprocess
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

import tinybpf
from tinybpf.compiler import CompiledObject, compile_go

BPFTOOL = shutil.which("bpftool") or shutil.which("bpftool", path="/usr/sbin:/sbin")
BPFFS = Path("/sys/fs/bpf")

pytestmark = pytest.mark.skipif(BPFTOOL is None, reason="bpftool is not installed")


def bpftool(*arguments: str | Path) -> str:
    assert BPFTOOL is not None
    done = subprocess.run([BPFTOOL, *arguments], capture_output=True, text=True)
    assert done.returncode == 0 and "rror" not in done.stderr, done.stderr
    return done.stdout


@pytest.fixture
def path(everything: CompiledObject, tmp_path: Path) -> Path:
    file = tmp_path / "everything.o"
    everything.write(file)
    return file


@pytest.fixture
def pins() -> Iterator[Path]:
    if not BPFFS.is_mount():
        pytest.skip(f"{BPFFS} is not mounted")
    folder = BPFFS / f"tinybpf-{uuid.uuid4().hex}"
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def test_header_of_the_types(path: Path) -> None:
    """As C, made from the object's BTF."""
    header = bpftool("btf", "dump", "file", path, "format", "c")
    assert "struct Event {\n\tuint32 PID;\n\tuint16 Port;\n};" in header
    assert "typedef unsigned int uint32;" in header


def test_skeleton(path: Path) -> None:
    """C that loads the object: programs, maps and variables by name."""
    skeleton = bpftool("gen", "skeleton", path, "name", "everything")
    for line in (
        "struct bpf_program *trace;",
        "struct bpf_program *drop;",
        "struct bpf_map *counts;",
        "struct bpf_map *rodata;",
        "uint32 limit;",
        "int64 written;",
        "struct Pair_uint32_int8 pairVar;",
    ):
        assert line in skeleton


COUNTED = """//bpf:panics lines

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
def test_panics_by_line(tmp_path: Path, pins: Path) -> None:
    """Without a word about the counters' tags; they are in the skeleton, and survive bpftool's linker."""
    compile_go(COUNTED, name="x.go").write(tmp_path / "x.o")
    tinybpf.load(tmp_path / "x.o").close()  # where the kernel has no such programs, this tells so
    linked = tmp_path / "linked.o"
    bpftool("gen", "object", linked, tmp_path / "x.o")
    for number, file in enumerate((tmp_path / "x.o", linked)):
        bpftool("prog", "loadall", file, pins.with_name(f"{pins.name}-{number}"))
        shutil.rmtree(pins.with_name(f"{pins.name}-{number}"))
        skeleton = bpftool("gen", "skeleton", file, "name", "x")
        assert "uint64 ebpf_panics;" in skeleton and "_12;" in skeleton
        with tinybpf.load(file) as obj:
            assert obj.program("t").test_run(ctx=b"\x08\0\0\0").retval == 0xFFFFFFF2
            assert [(line.line, line.count) for line in obj.panic_lines] == [(12, 1)]


@pytest.mark.kernel
def test_loads(path: Path, pins: Path) -> None:
    """Without a word about what the kernel did not take."""
    bpftool("prog", "loadall", path, pins)
    assert sorted(p.name for p in pins.iterdir()) == ["allow", "drop", "trace"]
