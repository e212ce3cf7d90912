"""A program in the typed dialect can call each helper, and calls that one."""

from __future__ import annotations

import io
import re
import struct
from pathlib import Path

import pytest
from elftools.elf.elffile import ELFFile

import tinybpf
from tinybpf.compiler.kernel.helpers_data import HELPERS

ROOT = Path(__file__).resolve().parents[2]
CONTEXTS = {
    "SKB",
    "XDP",
    "SockAddr",
    "SockOps",
    "SKMsg",
    "SKReuseport",
    "SKLookup",
    "Sysctl",
    "PerfEventData",
}

HEAD = """package bpf

import (
	"unsafe"

	"tinybpf/ebpf"
)

var hash = ebpf.Hash[uint32, uint64]{MaxEntries: 4}
var ring = ebpf.RingBuf[uint64]{MaxEntries: 4096}
var memory [64]uint64
"""


def declared() -> list[tuple[str, str, list[str], str]]:
    """Kernel name, Go name, parameter types and result of each helper."""
    text = (ROOT / "go/ebpf/helpers_bpf.go").read_text()
    found = []
    for kernel_name, name, rest in re.findall(r"^//go:extern (\w+)\nfunc (\w+)\((.*)$", text, flags=re.M):
        inside, _, result = rest.rpartition(")")
        if "func(" in inside:
            found.append((kernel_name, name, ["func"], ""))
            continue
        kinds: list[str] = []
        for param in reversed(inside.split(", ") if inside else []):
            kinds.insert(0, param.partition(" ")[2] or kinds[0])
        found.append((kernel_name, name, kinds, result.strip()))
    return found


def argument(kernel_name: str, kind: str) -> str:
    if kind == "Map":
        return "&ring" if "ringbuf" in kernel_name else "&hash"
    if kind == "Context":
        return "ctx"
    if kind == "unsafe.Pointer":
        return "unsafe.Pointer(&memory)"
    if kind[0] != "*":
        return "0"
    pointee = kind[1:] if kind[1].islower() else f"ebpf.{kind[1:]}"
    source = "ctx" if kind[1:] in CONTEXTS else "&memory"
    return f"(*{pointee})(unsafe.Pointer({source}))"


def calls(object_bytes: bytes) -> dict[str, list[int]]:
    """The helpers that each program calls, by their numbers."""
    elf = ELFFile(io.BytesIO(object_bytes))
    code = elf.get_section_by_name("tc")
    found = {}
    for symbol in elf.get_section_by_name(".symtab").iter_symbols():
        if symbol["st_info"]["type"] != "STT_FUNC":
            continue
        body = code.data()[symbol["st_value"] :][: symbol["st_size"]]
        words = [struct.unpack_from("<BBhi", body, at) for at in range(0, len(body), 8)]
        found[symbol.name] = [imm for op, registers, _, imm in words if op == 0x85 and registers >> 4 == 0]
    return found


def test_each_helper_can_be_called(tmp_path: Path) -> None:
    programs = [HEAD]
    wanted = {}
    for kernel_name, name, kinds, result in declared():
        if kinds == ["func"]:
            continue
        call = f"ebpf.{name}({', '.join(argument(kernel_name, kind) for kind in kinds)})"
        kept = f"_ = {call}" if result else call
        programs.append(
            f"//bpf:section tc\nfunc use{name}(ctx *ebpf.SKB) int32 {{\n\t{kept}\n\treturn 0\n}}\n"
        )
        wanted[f"use{name}"] = [HELPERS[kernel_name][0]]
    assert len(wanted) == 206
    (tmp_path / "all.go").write_text("\n".join(programs))
    assert calls(bytes(tinybpf.compile_go(tmp_path))) == wanted


CALLBACKS = [
    "BpfLoop(1, func(i uint32, ctx unsafe.Pointer) int64 { return 0 }, nil, 0)",
    "FindVma(nil, 0, func(*ebpf.TaskStruct, *ebpf.VMAreaStruct, unsafe.Pointer) int64 { return 0 }, nil, 0)",
    "ForEachMapElem(&hash, func(ebpf.Map, unsafe.Pointer, unsafe.Pointer, unsafe.Pointer) int64 "
    "{ return 0 }, nil, 0)",
    "TimerSetCallback(nil, func(m ebpf.Map, key, value unsafe.Pointer) int32 { return 0 })",
    "UserRingbufDrain(&ring, func(d *ebpf.Dynptr, ctx unsafe.Pointer) int64 { return 0 }, nil, 0)",
]  # fmt: skip


@pytest.mark.parametrize("call", CALLBACKS, ids=lambda call: call.partition("(")[0])
def test_a_callback_is_refused_at_its_line(call: str, tmp_path: Path) -> None:
    """Callbacks of helpers are to come; until then nothing is compiled that would not run."""
    text = f"{HEAD}\n//bpf:section tc\nfunc use(ctx *ebpf.SKB) int32 {{\n\tebpf.{call}\n\treturn 0\n}}\n"
    (tmp_path / "use.go").write_text(text)
    line = text[: text.index(call)].count("\n") + 1
    name = call.partition("(")[0]
    said = rf"use\.go:{line}:\d+: {name} is a helper of the kernel, .* is given a value of type func"
    with pytest.raises(tinybpf.CompileError, match=said):
        tinybpf.compile_go(tmp_path)
